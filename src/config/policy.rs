//! What settings say about one field: which direction may write, what decides without a human.

/// `to_huma`, `to_xledger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Write,
    Ask,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    Ask,
    Huma,
    Xledger,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnClear {
    Carry,
    Ask,
    Restore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMissing {
    Fill,
    Ask,
}

/// `[fields.X]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPolicy {
    pub to_huma: Direction,
    pub to_xledger: Direction,
    pub prefer: Prefer,
    pub on_clear: OnClear,
    pub on_missing: OnMissing,
    pub second_approver: bool,
}
