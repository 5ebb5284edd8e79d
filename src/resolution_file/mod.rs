//! resolution_file.
