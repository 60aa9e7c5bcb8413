//! The command-line face: one file per command group, one printer, one table of exit codes.
