//! The HTTP face: webhook routes, health; one accept loop with limits and graceful shutdown.
