//! The private PostgreSQL cluster: find the server programs, make, start, join, stop.
