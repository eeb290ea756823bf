//! Schemas: the attributes and nested blocks that a configuration may set and an object has.

use std::collections::BTreeMap;

use kprov_core::{Str, Type, Value};

/// A versioned block: what a resource, data source or provider configuration looks like.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Version of stored objects; older ones are upgraded on read.
    pub version: u64,
    /// The content.
    pub block: Block,
}

/// Attributes and nested blocks. Sorted by name; so is everything made from it.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// `name = value`
    pub attributes: BTreeMap<Str, Attribute>,
    /// `name { ... }`
    pub blocks: BTreeMap<Str, NestedBlock>,
    /// One sentence for `providers schema`.
    pub description: Str,
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its type.
    pub ty: Type,
    /// Must be set in configuration.
    pub required: bool,
    /// May be set in configuration.
    pub optional: bool,
    /// Set by the provider where the configuration does not.
    pub computed: bool,
    /// Its value is a secret.
    pub sensitive: bool,
    /// Set in configuration, never stored.
    pub write_only: bool,
    /// A change replaces the object. Providers may also say so per plan.
    pub force_new: bool,
    /// Taken where the configuration has null.
    pub default: Option<Value>,
    /// Why one should not use it.
    pub deprecated: Option<Str>,
    /// One sentence for `providers schema`.
    pub description: Str,
}

impl Attribute {
    /// Neither required, optional nor computed yet: chain the words below.
    pub fn new(ty: Type) -> Attribute {
        Attribute {
            ty,
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            force_new: false,
            default: None,
            deprecated: None,
            description: Str::new(""),
        }
    }

    /// Must be set.
    pub fn required(mut self) -> Attribute {
        self.required = true;
        self
    }

    /// May be set.
    pub fn optional(mut self) -> Attribute {
        self.optional = true;
        self
    }

    /// The provider sets it.
    pub fn computed(mut self) -> Attribute {
        self.computed = true;
        self
    }

    /// Secret.
    pub fn sensitive(mut self) -> Attribute {
        self.sensitive = true;
        self
    }

    /// A change replaces.
    pub fn force_new(mut self) -> Attribute {
        self.force_new = true;
        self
    }

    /// Optional, with a default.
    pub fn default(mut self, value: Value) -> Attribute {
        self.default = Some(value);
        self.optional()
    }

    /// Says why one should not use it.
    pub fn deprecated(mut self, why: &str) -> Attribute {
        self.deprecated = Some(why.into());
        self
    }

    /// Says what it is.
    pub fn describe(mut self, text: &str) -> Attribute {
        self.description = text.into();
        self
    }
}

/// How a nested block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most once; null when absent.
    Single,
    /// At most once; an object of nulls when absent.
    Group,
    /// A list, in order.
    List,
    /// A set.
    Set,
    /// A map by the block's label.
    Map,
}

/// A nested block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// How it repeats.
    pub nesting: Nesting,
    /// What is inside.
    pub block: Block,
    /// At least so many.
    pub min_items: u64,
    /// At most so many; 0: no limit.
    pub max_items: u64,
    /// A change replaces the object.
    pub force_new: bool,
}

impl Block {
    /// Is any attribute secret, at any depth?
    pub fn has_sensitive(&self) -> bool {
        self.attributes.values().any(|attribute| attribute.sensitive)
            || self.blocks.values().any(|nested| nested.block.has_sensitive())
    }

    /// A block of attributes only.
    pub fn of<const N: usize>(description: &str, attributes: [(&str, Attribute); N]) -> Block {
        Block {
            attributes: attributes.map(|(name, attribute)| (Str::from(name), attribute)).into(),
            description: description.into(),
            ..Block::default()
        }
    }

    /// The object type that values of this block have.
    pub fn implied_type(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, a)| (name.clone(), a.ty.clone()));
        let blocks = self.blocks.iter().map(|(name, nested)| {
            let inner = nested.block.implied_type();
            let ty = match nested.nesting {
                Nesting::Single | Nesting::Group => inner,
                Nesting::List if inner.has_dynamic() => Type::Dynamic,
                Nesting::List => Type::list(inner),
                Nesting::Set => Type::set(inner),
                Nesting::Map if inner.has_dynamic() => Type::Dynamic,
                Nesting::Map => Type::map(inner),
            };
            (name.clone(), ty)
        });
        Type::object(attributes.chain(blocks))
    }
}

/// How a create can be repeated without making a second object (DESIGN.md, "Life of an apply").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// Nothing exists outside the state: a create that was not recorded did nothing.
    Local,
    /// The API takes the intent's token and gives the same object for the same token.
    Token,
    /// The object carries the token as a tag and is found by it.
    Tag,
    /// The object's name is fixed before the call and unique.
    Name,
    /// None of these: look for a matching object before creating.
    LookBeforeCreate,
}

/// Schema of a managed resource.
#[derive(Clone, Debug)]
pub struct ResourceSchema {
    /// Attributes and blocks.
    pub schema: Schema,
    /// How creates are made safe to repeat.
    pub creation: Creation,
}

/// All schemas of a provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderSchema {
    /// The `provider` block.
    pub provider: Schema,
    /// `resource` types.
    pub resources: BTreeMap<Str, ResourceSchema>,
    /// `data` types.
    pub data_sources: BTreeMap<Str, Schema>,
    /// `ephemeral` types.
    pub ephemerals: BTreeMap<Str, Schema>,
}
