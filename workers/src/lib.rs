//! Projection and jobs
