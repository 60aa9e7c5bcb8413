//! The demo: a private cluster, simulated providers, listener, worker and made-up accounts in one process.
