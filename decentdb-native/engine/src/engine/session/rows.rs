//! Rows on their way out: a compact form for rows kept by the engine, and blocks of views for the caller.

use std::ptr;

use crate::c_layout::ValueView;
use crate::sqlite::{Cell, Statement};
use crate::types::{self, Raw};
use crate::value::{Tag, Type, Value};

/// Materialised rows in SQLite's storage classes, 16 bytes for each cell beside its text.
#[derive(Default)]
pub struct RowSet {
    columns: usize,
    rows: usize,
    cells: Vec<Packed>,
    arena: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Packed {
    kind: CellKind,
    length: u32,
    /// The integer, the bits of the double, or the offset into the arena.
    bits: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Null,
    Integer,
    Real,
    Text,
    Blob,
}

impl RowSet {
    pub fn new(columns: usize) -> Self {
        Self { columns, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends the current row of `statement`.
    pub fn push(&mut self, statement: &Statement) {
        for column in 0..self.columns {
            let packed = match statement.cell(column) {
                Cell::Null => Packed { kind: CellKind::Null, length: 0, bits: 0 },
                Cell::Integer(value) => Packed { kind: CellKind::Integer, length: 0, bits: value as u64 },
                Cell::Real(value) => Packed { kind: CellKind::Real, length: 0, bits: value.to_bits() },
                Cell::Text(bytes) => self.keep(CellKind::Text, bytes),
                Cell::Blob(bytes) => self.keep(CellKind::Blob, bytes),
            };
            self.cells.push(packed);
        }
        self.rows += 1;
    }

    /// Appends a row of one integer; the set has one column.
    pub fn push_integer(&mut self, value: i64) {
        self.cells.push(Packed { kind: CellKind::Integer, length: 0, bits: value as u64 });
        self.rows += 1;
    }

    fn keep(&mut self, kind: CellKind, bytes: &[u8]) -> Packed {
        let offset = self.arena.len() as u64;
        self.arena.extend_from_slice(bytes);
        // SQLite's longest value is far below 4 GiB.
        Packed { kind, length: bytes.len() as u32, bits: offset }
    }

    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let packed = self.cells[row * self.columns + column];
        let bytes = || &self.arena[packed.bits as usize..packed.bits as usize + packed.length as usize];
        match packed.kind {
            CellKind::Null => Cell::Null,
            CellKind::Integer => Cell::Integer(packed.bits as i64),
            CellKind::Real => Cell::Real(f64::from_bits(packed.bits)),
            CellKind::Text => Cell::Text(bytes()),
            CellKind::Blob => Cell::Blob(bytes()),
        }
    }
}

/// The value a stored cell of a column of type `ty` stands for.
pub fn cell_value(cell: Cell<'_>, ty: &Type) -> Value {
    let text;
    let raw = match cell {
        Cell::Null => return Value::Null,
        Cell::Integer(number) => Raw::Integer(number),
        Cell::Real(number) => Raw::Real(number),
        Cell::Text(bytes) => {
            text = String::from_utf8_lossy(bytes);
            Raw::Text(&text)
        }
        Cell::Blob(bytes) => Raw::Blob(bytes),
    };
    // A value that does not fit its declared type is returned as SQLite holds it, rather than hidden.
    types::load(raw, ty).or_else(|| types::load(raw, &Type::Dynamic)).unwrap_or(Value::Null)
}

/// A block of rows as the caller sees it: one contiguous array of views, and one contiguous arena for text and blobs.
#[derive(Default)]
pub struct Block {
    views: Vec<ValueView>,
    arena: Vec<u8>,
    used: usize,
    columns: usize,
}

// SAFETY: the pointers inside the views point into `arena`, which moves with them.
unsafe impl Send for Block {}

impl Block {
    pub fn clear(&mut self, columns: usize) {
        self.used = 0;
        self.columns = columns;
        self.arena.clear();
    }

    pub fn rows(&self) -> usize {
        self.used.checked_div(self.columns).unwrap_or(0)
    }

    pub fn views(&self) -> &[ValueView] {
        &self.views[..self.used]
    }

    /// The views from row `row` on.
    pub fn row(&self, row: usize) -> &[ValueView] {
        &self.views[row * self.columns..self.used]
    }

    /// Appends a row; `types` has one entry per column.
    pub fn push<'a>(&mut self, types: &[Type], mut cell: impl FnMut(usize) -> Cell<'a>) {
        for (column, ty) in types.iter().enumerate() {
            self.push_cell(cell(column), ty);
        }
    }

    fn slot(&mut self) -> &mut ValueView {
        if self.used == self.views.len() {
            self.views.push(ValueView::default());
        }
        self.used += 1;
        &mut self.views[self.used - 1]
    }

    fn push_cell(&mut self, cell: Cell<'_>, ty: &Type) {
        match (cell, ty) {
            (Cell::Null, _) => self.slot().tag = Tag::Null as u32,
            (Cell::Integer(number), Type::Int64 | Type::Dynamic) => {
                let slot = self.slot();
                slot.tag = Tag::Int64 as u32;
                slot.int64_value = number;
            }
            (Cell::Real(number), Type::Float64 | Type::Dynamic) => {
                let slot = self.slot();
                slot.tag = Tag::Float64 as u32;
                slot.float64_value = number;
            }
            (Cell::Text(bytes), Type::Text | Type::Dynamic) if std::str::from_utf8(bytes).is_ok() => {
                self.push_bytes(Tag::Text, bytes);
            }
            (Cell::Blob(bytes), Type::Blob) => self.push_bytes(Tag::Blob, bytes),
            (Cell::Integer(flag), Type::Bool) => {
                let slot = self.slot();
                slot.tag = Tag::Bool as u32;
                slot.bool_value = u8::from(flag != 0);
            }
            _ => self.push_value(&cell_value(cell, ty)),
        }
    }

    fn push_value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.push_bytes(Tag::Text, text.as_bytes()),
            Value::Blob(bytes) => self.push_bytes(Tag::Blob, bytes),
            Value::Geometry(bytes) => self.push_bytes(Tag::Geometry, bytes),
            Value::Geography(bytes) => self.push_bytes(Tag::Geography, bytes),
            fixed => self.slot().set_fixed(fixed),
        }
    }

    fn push_bytes(&mut self, tag: Tag, bytes: &[u8]) {
        if self.arena.len() + bytes.len() > self.arena.capacity() {
            self.grow(bytes.len());
        }
        let offset = self.arena.len();
        self.arena.extend_from_slice(bytes);
        let data = self.arena[offset..].as_ptr();
        let slot = self.slot();
        slot.tag = tag as u32;
        slot.data = data;
        slot.len = bytes.len();
    }

    /// Moves the arena to more room and the pointers with it.
    #[cold]
    fn grow(&mut self, more: usize) {
        let needed = self.arena.len() + more;
        let mut arena = Vec::with_capacity(needed.max(self.arena.capacity() * 2).max(4096));
        arena.extend_from_slice(&self.arena);
        let (old, new) = (self.arena.as_ptr() as usize, arena.as_ptr());
        for view in &mut self.views[..self.used] {
            if view.has_data() {
                view.data = new.wrapping_add(view.data as usize - old);
            }
        }
        self.arena = arena;
    }

    /// Drops the rows from row `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.used = self.used.min(rows * self.columns);
    }

    /// Keeps the last row only, as the first of the block.
    pub fn keep_last_row(&mut self) {
        let rows = self.rows();
        if rows == 0 {
            return self.clear(self.columns);
        }
        let first = (rows - 1) * self.columns;
        let mut kept: Vec<(ValueView, Vec<u8>)> = Vec::with_capacity(self.columns);
        for view in &self.views[first..first + self.columns] {
            // SAFETY: a view with data points into `arena`, which is untouched so far.
            let bytes = if view.has_data() { unsafe { view.bytes() }.to_vec() } else { Vec::new() };
            kept.push((*view, bytes));
        }
        self.clear(self.columns);
        for (view, bytes) in kept {
            if view.has_data() {
                self.push_bytes_tagged(view.tag, &bytes);
            } else {
                *self.slot() = ValueView { data: ptr::null(), len: 0, ..view };
            }
        }
    }

    fn push_bytes_tagged(&mut self, tag: u32, bytes: &[u8]) {
        self.push_bytes(Tag::Text, bytes);
        self.views[self.used - 1].tag = tag;
    }
}
