//! Local stand-ins for the providers, reached only over HTTP as the real ones are.
