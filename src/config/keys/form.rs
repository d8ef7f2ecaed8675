//! What a key is: its table, its form, what holds without it; and the macro that makes the tables.
//!
//! A table is a type with a field for each key, and each key's type says of which table it is and what may be written.
//! So a reader cannot name a key that no table has, nor one of another table, nor read it as what it is not; and a key
//! that nobody reads is a field that is never read, of which the compiler tells.

use std::marker::PhantomData;

use serde::de::value::Error as NoEnum;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// A key of the table `K`, under which a value of the form `F` may be written.
pub(in crate::config) struct Key<K, F> {
    pub(in crate::config) row: &'static Row,
    pub(in crate::config) of: PhantomData<(K, F)>,
}

impl<K, F> Clone for Key<K, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, F> Copy for Key<K, F> {}

/// A key as the tables are walked over: to check files, and to print the reference.
pub(in crate::config) struct Row {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) kind: Kind,
    pub(in crate::config) fallback: Fallback,
    /// One sentence for the reference.
    pub(in crate::config) means: &'static str,
}

/// The keys of one table.
pub(in crate::config) type Rows = &'static [&'static Row];

/// A table of keys.
pub(in crate::config) trait Keys {
    const ROWS: Rows;
}

/// A place to tell a problem at: a key of the table `K`, or the table itself.
pub(in crate::config) struct At<K> {
    pub(in crate::config) name: &'static str,
    of: PhantomData<K>,
}

/// The table itself.
pub(in crate::config) struct Itself;

impl<K, F> From<Key<K, F>> for At<K> {
    fn from(key: Key<K, F>) -> Self {
        key.row.into()
    }
}

impl<K> From<&'static Row> for At<K> {
    fn from(row: &'static Row) -> Self {
        Self { name: row.name, of: PhantomData }
    }
}

impl<K> From<Itself> for At<K> {
    fn from(_: Itself) -> Self {
        Self { name: "", of: PhantomData }
    }
}

/// What holds where nothing is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Fallback {
    /// The key has to be written. For a table: it is read as empty, so that each missing key in it is told.
    Required,
    /// Nothing, or what the text of `means` says.
    Nothing,
    /// This value, as it would be written.
    Is(&'static str),
}

/// The form of a value, to walk over.
#[derive(Clone, Copy)]
pub(in crate::config) enum Kind {
    Text,
    Hidden,
    Number(u64, u64),
    Flag,
    Choice(fn() -> &'static [&'static str]),
    Texts,
    Numbers(u64, u64),
    Fields,
    Table(Rows),
    Tables(Rows),
    Layer(Rows),
    Layers(Rows),
}

/// The form of a value, as the type of a key says it.
pub(in crate::config) trait Form {
    const KIND: Kind;
}

macro_rules! forms {
    ($($(#[$about:meta])* $name:ident $(<$($of:ident: $bound:ident),+>)? = $kind:expr;)+) => {$(
        $(#[$about])*
        pub(in crate::config) struct $name $(<$($of),+>(PhantomData<($($of,)+)>))?;

        impl $(<$($of: $bound),+>)? Form for $name $(<$($of),+>)? {
            const KIND: Kind = $kind;
        }
    )+};
}

forms! {
    Text = Kind::Text;
    /// Text that may hold a secret, and is never shown.
    Hidden = Kind::Hidden;
    Flag = Kind::Flag;
    Texts = Kind::Texts;
    /// A table of texts under free names.
    Fields = Kind::Fields;
    /// One of the names of an enum, as serde reads it.
    Choice<T: DeserializeOwned> = Kind::Choice(names::<T>);
    Table<K: Keys> = Kind::Table(K::ROWS);
    Tables<K: Keys> = Kind::Tables(K::ROWS);
    /// A layer: what it does not say is left to the layer below.
    Layer<K: Keys> = Kind::Layer(K::ROWS);
    /// A layer for each name.
    Layers<K: Keys> = Kind::Layers(K::ROWS);
}

/// A whole number in a range, which is within that of `N`.
pub(in crate::config) struct Number<N, const FROM: u64, const TO: u64>(PhantomData<N>);

/// A list of such numbers.
pub(in crate::config) struct Numbers<N, const FROM: u64, const TO: u64>(PhantomData<N>);

impl<N: Whole, const FROM: u64, const TO: u64> Form for Number<N, FROM, TO> {
    const KIND: Kind = Kind::Number(FROM, within::<N>(TO));
}

impl<N: Whole, const FROM: u64, const TO: u64> Form for Numbers<N, FROM, TO> {
    const KIND: Kind = Kind::Numbers(FROM, within::<N>(TO));
}

const fn within<N: Whole>(to: u64) -> u64 {
    assert!(to <= N::MOST, "the range is wider than the number's type");
    to
}

/// A type of whole numbers.
pub(in crate::config) trait Whole: TryFrom<u64> {
    const MOST: u64;
}

impl Whole for u16 {
    const MOST: u64 = Self::MAX as u64;
}

impl Whole for u32 {
    const MOST: u64 = Self::MAX as u64;
}

impl Whole for u64 {
    const MOST: u64 = Self::MAX;
}

impl Whole for usize {
    const MOST: u64 = Self::MAX as u64;
}

/// The forms that are one text.
pub(in crate::config) trait OneText {}
impl OneText for Text {}
impl OneText for Hidden {}

/// The names of an enum: serde shows them to who wants to read one.
fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    struct Shown<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Shown<'_> {
        type Error = NoEnum;

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            names: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, NoEnum> {
            *self.0 = names;
            Err(NoEnum::custom("only its names were wanted"))
        }

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoEnum> {
            Err(NoEnum::custom("not an enum"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    drop(T::deserialize(Shown(&mut names)));
    names
}

/// Makes tables of keys; the comment above a key is what the reference says of it.
///
/// The rows are made twice, so that a key's field is read by none but its reader.
macro_rules! keys {
    ($($(#[doc = $about:literal])* $table:ident: $type:ident {
        $($(#[doc = $means:literal])+ $key:ident: $form:ty, $fallback:expr;)+
    })+) => {$(
        $(#[doc = $about])*
        #[derive(Clone, Copy)]
        pub(in crate::config) struct $type {
            $(pub(in crate::config) $key: Key<$type, $form>,)+
        }

        pub(in crate::config) const $table: $type = $type {
            $($key: Key { row: keys!(@row $key $form, $fallback, $($means)+), of: std::marker::PhantomData },)+
        };

        impl Keys for $type {
            const ROWS: Rows = &[$(keys!(@row $key $form, $fallback, $($means)+)),+];
        }
    )+};
    (@row $key:ident $form:ty, $fallback:expr, $($means:literal)+) => {
        &Row {
            name: stringify!($key),
            kind: <$form as Form>::KIND,
            fallback: $fallback,
            means: concat!($($means),+).trim_ascii_start(),
        }
    };
}

pub(in crate::config) use keys;
