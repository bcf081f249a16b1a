//! Defines the structs of a JSON document, all with the same derives.

macro_rules! documents {
    ($($(#[$attr:meta])* $name:ident { $($(#[$field_attr:meta])* $field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$field_attr])* pub $field: $type),* }
    )+};
}
pub(crate) use documents;
