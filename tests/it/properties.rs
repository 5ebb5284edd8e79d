//! Properties of the reconciler.
