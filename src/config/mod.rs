//! Files and environment to checked settings; the catalogue of plans.
