//! The rules of `DESIGN.md` section 5, one by one; golden pages; and what must hold for any page and any text.

mod golden;
mod laws;
mod lines;
mod many;
mod support;
mod taking;
