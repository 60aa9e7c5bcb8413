//! The use cases, one file per verb family; what console, CLI and API all call.
