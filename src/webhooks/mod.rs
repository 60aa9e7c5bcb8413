//! The inbound road: intake (verify, commit, acknowledge) and worker (claim, interpret, plan, apply).

mod ending;
pub mod intake;
mod refusals;
pub mod replay;
pub mod worker;
