//! Everything SQL: one file per aggregate, rows in, domain types out, keyset pages.
