//! What billing is: pure types and rules. No I/O, no async, no SQL, no HTTP, no clock.
