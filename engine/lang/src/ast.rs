//! The syntax tree that everything after the parser works on.
//!
//! [`crate::syntax`] lowers hcl-edit's tree into this one: smaller (only spans, no decor), with
//! heredocs dedented, constants folded into [`Value`]s and references in one piece, so that an
//! evaluator can hand `aws_subnet.x[i]` to a scope without building all of `aws_subnet.x`.

use kprov_core::{Str, Value};

use crate::Span;

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number, string without interpolation, bool or null.
    Literal(Value),
    /// A string with interpolations or directives.
    Template(Vec<TemplatePart>),
    /// A template that is nothing but one interpolation: keeps the type of what is inside.
    TemplateWrap(Box<Expr>),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{a = b}`; of two equal keys the last wins.
    Object(Vec<ObjectItem>),
    /// `aws_subnet.x[i].id`: a name and steps.
    Reference(Reference),
    /// Steps behind an expression that is not a name: `f(x).a[0]`, `(x).a`.
    Access {
        /// What the steps start from.
        base: Box<Expr>,
        /// At least one.
        steps: Vec<Step>,
    },
    /// `x.*.a` or `x[*].a[0]`.
    Splat {
        /// What is iterated.
        source: Box<Expr>,
        /// Taken of each item: for `.*` attributes only, for `[*]` everything that follows.
        each: Vec<Step>,
        /// The whole `.*` or `[*]` sign.
        marker: Span,
    },
    /// `f(a, b...)`
    Call(Call),
    /// `c ? a : b`
    Conditional {
        /// The condition.
        condition: Box<Expr>,
        /// Taken if true.
        truthy: Box<Expr>,
        /// Taken if false.
        falsy: Box<Expr>,
    },
    /// `!a`, `-a`
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `[for k, v in x : a if c]`, `{for k, v in x : a => b... if c}`
    For(Box<For>),
    /// `(a)`
    Parens(Box<Expr>),
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Text as it is (escapes resolved, trims and dedents applied).
    Literal(Str, Span),
    /// `${a}`
    Interpolation(Expr),
    /// `%{if c}a%{else}b%{endif}`
    If {
        /// The condition.
        condition: Expr,
        /// If true.
        truthy: Vec<TemplatePart>,
        /// If false.
        falsy: Vec<TemplatePart>,
        /// The whole directive.
        span: Span,
    },
    /// `%{for k, v in x}a%{endfor}`
    For {
        /// Key variable.
        key: Option<Str>,
        /// Value variable.
        value: Str,
        /// Iterated.
        collection: Expr,
        /// Repeated.
        body: Vec<TemplatePart>,
        /// The whole directive.
        span: Span,
    },
}

/// An item of an object constructor.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// The key.
    pub key: ObjectKey,
    /// The value.
    pub value: Expr,
}

/// The key of an object item.
#[derive(Clone, Debug)]
pub enum ObjectKey {
    /// A bare name stands for itself.
    Name(Str, Span),
    /// Anything else is evaluated; parentheses are part of the expression.
    Expr(Expr),
}

impl ObjectKey {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            ObjectKey::Name(_, span) => *span,
            ObjectKey::Expr(expr) => expr.span,
        }
    }
}

/// A name and the steps that follow it.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The first name: `var`, `local`, `aws_subnet`, a for variable ...
    pub root: Str,
    /// The name alone.
    pub root_span: Span,
    /// What follows, `.x` and `[y]`.
    pub steps: Vec<Step>,
}

/// `.name`, `[expr]` or legacy `.0`.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// Where, the dot or brackets included.
    pub span: Span,
}

/// The forms of steps.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `.name`
    Attribute(Str),
    /// `[expr]`
    Index(Box<Expr>),
    /// `.0`
    LegacyIndex(u64),
    /// A splat inside what a `[*]` takes: `a[*].b[*].c` is `.b` and then, of each, `.c`. Never in
    /// a [`Reference`].
    Splat(Vec<Step>),
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// `upper`, `core::upper`, `provider::terraform::encode_tfvars`.
    pub name: Str,
    /// The name alone.
    pub name_span: Span,
    /// Arguments.
    pub arguments: Vec<Expr>,
    /// Does the last argument end in `...`?
    pub expand_final: bool,
}

/// `!` or `-`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// A for expression.
#[derive(Clone, Debug)]
pub struct For {
    /// Key variable.
    pub key: Option<Str>,
    /// Value variable.
    pub value: Str,
    /// Iterated.
    pub collection: Expr,
    /// `k =>` of the object form; `None` for a tuple.
    pub result_key: Option<Expr>,
    /// The result.
    pub result: Expr,
    /// `...` of the object form.
    pub group: bool,
    /// `if c`
    pub condition: Option<Expr>,
}

/// A body: attributes and blocks in source order.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// `name = expr`, names distinct (doubles were reported).
    pub attributes: Vec<Attribute>,
    /// `type "label" { ... }`
    pub blocks: Vec<Block>,
    /// The whole body; for a file from its beginning to its end.
    pub span: Span,
}

impl Body {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Blocks of that type.
    pub fn blocks_of<'b>(&'b self, ty: &'b str) -> impl Iterator<Item = &'b Block> + 'b {
        self.blocks.iter().filter(move |block| block.ty == ty)
    }
}

/// `name = expr`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Str,
    /// The name alone.
    pub name_span: Span,
    /// The value.
    pub expr: Expr,
    /// From name to the value's end.
    pub span: Span,
}

/// `type "label" { ... }`
#[derive(Clone, Debug)]
pub struct Block {
    /// `resource`, `ingress` ...
    pub ty: Str,
    /// The type alone.
    pub ty_span: Span,
    /// Labels, unquoted.
    pub labels: Vec<(Str, Span)>,
    /// What is inside.
    pub body: Body,
    /// Type and labels, what diagnostics underline.
    pub header: Span,
    /// All of it.
    pub span: Span,
}
