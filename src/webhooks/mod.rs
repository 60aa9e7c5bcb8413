//! The inbound road: intake (verify, commit, acknowledge) and worker (claim, interpret, plan, apply).

pub mod intake;
pub mod replay;
pub mod worker;
