//! Says where and why an expression does not follow the grammar, in Terraform's words.
//!
//! A recogniser only: it builds nothing. It runs over files that hcl-edit refused, whose error says
//! too little. One fault is enough for one argument: the first ends its recognition.

use super::faults::{Fault, fault};
use super::scan::{Kind, Token};

/// How deep brackets may be nested before the recogniser gives up; far below what the stack holds.
const MAX_DEPTH: usize = 200;

/// A fault was reported; nothing more can be said about this argument.
#[derive(Debug)]
pub(super) struct Told;

pub(super) type Outcome = Result<(), Told>;

pub(super) struct Recogniser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
    pub(super) faults: Vec<Fault>,
    /// Is a line ending a token here? Not inside brackets.
    newlines: Vec<bool>,
    depth: usize,
}

impl<'a> Recogniser<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token], faults: Vec<Fault>) -> Self {
        Recogniser { text, tokens, at: 0, faults, newlines: vec![true], depth: 0 }
    }

    /// Back to the top after a fault.
    pub(super) fn reset(&mut self, at: usize) {
        self.at = at;
        self.newlines.truncate(1);
        self.depth = 0;
    }

    pub(super) fn peek(&mut self) -> Token {
        let skip = self.newlines.last() == Some(&false);
        while skip && self.tokens[self.at].kind == Kind::Newline {
            self.at += 1;
        }
        self.tokens[self.at]
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::Eof {
            self.at += 1;
        }
        token
    }

    pub(super) fn source(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    pub(super) fn is(&mut self, punct: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Punct && self.source(token) == punct
    }

    pub(super) fn take(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.at += 1;
        }
        found
    }

    fn is_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Ident && self.source(token) == word
    }

    pub(super) fn tell(
        &mut self,
        summary: &'static str,
        detail: impl Into<kprov_core::Str>,
        token: Token,
    ) -> Outcome {
        self.faults.push(fault(summary, detail, token.start, token.end));
        Err(Told)
    }

    /// Runs `inner` with line endings being tokens or not.
    fn within(&mut self, newlines: bool, inner: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        if self.depth >= MAX_DEPTH {
            let token = self.peek();
            return self.tell(super::TOO_DEEP, super::TOO_DEEP_DETAIL, token);
        }
        self.depth += 1;
        self.newlines.push(newlines);
        let outcome = inner(self);
        self.newlines.pop();
        self.depth -= 1;
        outcome
    }

    pub(super) fn expression(&mut self) -> Outcome {
        loop {
            self.operand()?;
            while self.binary_operator() {
                self.operand()?;
            }
            if !self.take("?") {
                return Ok(());
            }
            let newlines = self.newlines.last() == Some(&true);
            self.within(newlines, Recogniser::expression)?;
            if !self.take(":") {
                let token = self.peek();
                return self.tell(
                    "Missing false expression in conditional",
                    "The conditional operator (...?...:...) requires a false expression, delimited \
                     by a colon.",
                    token,
                );
            }
        }
    }

    fn binary_operator(&mut self) -> bool {
        const OPERATORS: [&str; 13] =
            ["||", "&&", "==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "%"];
        OPERATORS.iter().any(|operator| self.take(operator))
    }

    fn operand(&mut self) -> Outcome {
        while self.take("-") || self.take("!") {}
        self.primary()?;
        loop {
            if self.take(".") {
                self.attribute_step()?;
            } else if self.take("[") {
                self.within(false, Recogniser::index)?;
            } else {
                return Ok(());
            }
        }
    }

    fn attribute_step(&mut self) -> Outcome {
        let token = self.peek();
        if matches!(token.kind, Kind::Ident | Kind::Number) || self.is("*") {
            self.at += 1;
            return Ok(());
        }
        self.tell("Invalid attribute name", "An attribute name is required after a dot.", token)
    }

    fn index(&mut self) -> Outcome {
        let (summary, detail) = if self.take("*") {
            (
                "Missing close bracket on splat index",
                "The star for a full splat operator must be immediately followed by a closing \
                 bracket (\"]\").",
            )
        } else {
            self.expression()?;
            (
                "Missing close bracket on index",
                "The index operator must end with a closing bracket (\"]\").",
            )
        };
        if self.take("]") {
            return Ok(());
        }
        let token = self.peek();
        self.tell(summary, detail, token)
    }

    fn primary(&mut self) -> Outcome {
        let token = self.peek();
        match token.kind {
            Kind::Ident => {
                self.at += 1;
                self.call()
            }
            Kind::Number => {
                self.at += 1;
                if self.source(token).matches('.').count() > 1 {
                    return self.tell("Invalid number literal", super::BAD_NUMBER, token);
                }
                Ok(())
            }
            Kind::OpenQuote | Kind::OpenHeredoc => {
                self.at += 1;
                self.within(true, Recogniser::template)
            }
            Kind::Punct => match self.source(token) {
                "(" => {
                    self.at += 1;
                    self.within(false, Recogniser::parentheses)
                }
                "[" => {
                    self.at += 1;
                    self.within(false, Recogniser::tuple)
                }
                "{" => {
                    self.at += 1;
                    self.within(true, |it| it.object(token))
                }
                _ => self.no_expression(token),
            },
            _ => self.no_expression(token),
        }
    }

    fn no_expression(&mut self, token: Token) -> Outcome {
        if token.kind == Kind::Eof {
            return self.tell(
                "Missing expression",
                "Expected the start of an expression, but found the end of the file.",
                token,
            );
        }
        self.tell(
            "Invalid expression",
            "Expected the start of an expression, but found an invalid expression token.",
            token,
        )
    }

    fn parentheses(&mut self) -> Outcome {
        self.expression()?;
        if self.take(")") {
            return Ok(());
        }
        let token = self.peek();
        self.tell(
            "Unbalanced parentheses",
            "Expected a closing parenthesis to terminate the expression.",
            token,
        )
    }

    /// Behind a name: `::name` and arguments, if it is a call.
    fn call(&mut self) -> Outcome {
        let mut namespaced = false;
        while self.take("::") {
            namespaced = true;
            let token = self.next();
            if token.kind != Kind::Ident {
                return self.tell(
                    "Missing function name",
                    "Function scope resolution symbol :: must be followed by a function name in \
                     this scope.",
                    token,
                );
            }
        }
        if self.take("(") {
            return self.within(false, Recogniser::arguments);
        }
        if namespaced {
            let token = self.peek();
            return self.tell(
                "Missing open parenthesis",
                "Function selector must be followed by an open parenthesis to begin the function \
                 call.",
                token,
            );
        }
        Ok(())
    }

    fn arguments(&mut self) -> Outcome {
        loop {
            if self.take(")") {
                return Ok(());
            }
            self.expression()?;
            let token = self.next();
            match self.source(token) {
                ")" => return Ok(()),
                "," => {}
                "..." if self.take(")") => return Ok(()),
                "..." => {
                    return self.tell(
                        "Missing closing parenthesis",
                        "An expanded function argument (with ...) must be immediately followed by \
                         closing parentheses.",
                        token,
                    );
                }
                _ if token.kind == Kind::Eof => {
                    return self.tell(
                        "Unterminated function call",
                        "There is no closing parenthesis for this function call before the end of \
                         the file. This may be caused by incorrect parenthesis nesting elsewhere \
                         in this file.",
                        token,
                    );
                }
                _ => {
                    return self.tell(
                        "Missing argument separator",
                        "A comma is required to separate each function argument from the next.",
                        token,
                    );
                }
            }
        }
    }

    fn tuple(&mut self) -> Outcome {
        if self.is_word("for") {
            return self.for_expression("]");
        }
        loop {
            if self.take("]") {
                return Ok(());
            }
            self.expression()?;
            let token = self.next();
            match self.source(token) {
                "]" => return Ok(()),
                "," => {}
                _ if token.kind == Kind::Eof => {
                    return self.tell(
                        "Unterminated tuple constructor expression",
                        "There is no corresponding closing bracket before the end of the file. \
                         This may be caused by incorrect bracket nesting elsewhere in this file.",
                        token,
                    );
                }
                _ => {
                    return self.tell(
                        "Missing item separator",
                        "Expected a comma to mark the beginning of the next item.",
                        token,
                    );
                }
            }
        }
    }

    fn object(&mut self, open: Token) -> Outcome {
        self.skip_newlines();
        if self.is_word("for") {
            return self.within(false, |it| it.for_expression("}"));
        }
        loop {
            self.skip_newlines();
            if self.take("}") {
                return Ok(());
            }
            if self.peek().kind == Kind::Eof {
                return self.unterminated_object(open);
            }
            self.expression()?;
            if !self.take("=") && !self.take(":") {
                let token = self.peek();
                return self.tell(
                    "Missing key/value separator",
                    "Expected an equals sign (\"=\") to mark the beginning of the attribute value.",
                    token,
                );
            }
            self.expression()?;
            let token = self.next();
            match self.source(token) {
                "}" => return Ok(()),
                "," | "\n" => {}
                _ if token.kind == Kind::Eof => return self.unterminated_object(open),
                _ => {
                    return self.tell(
                        "Missing attribute separator",
                        "Expected a newline or comma to mark the beginning of the next attribute.",
                        token,
                    );
                }
            }
        }
    }

    fn unterminated_object(&mut self, open: Token) -> Outcome {
        self.tell(
            "Unterminated object constructor expression",
            "There is no corresponding closing brace before the end of the file. This may be \
             caused by incorrect brace nesting elsewhere in this file.",
            open,
        )
    }

    pub(super) fn skip_newlines(&mut self) {
        while self.tokens[self.at].kind == Kind::Newline {
            self.at += 1;
        }
    }

    fn for_expression(&mut self, close: &str) -> Outcome {
        self.at += 1;
        self.names_and_collection()?;
        if !self.take(":") {
            return self
                .bad_for("For expression requires a colon after the collection expression.");
        }
        let first = self.peek();
        self.expression()?;
        let arrow = self.take("=>");
        if arrow {
            self.expression()?;
        }
        if arrow != (close == "}") {
            let detail = if arrow {
                "Key expression is not valid when building a tuple."
            } else {
                "Key expression is required when building an object."
            };
            return self.tell(FOR, detail, first);
        }
        self.take("...");
        if self.is_word("if") {
            self.at += 1;
            self.expression()?;
        }
        if self.take(close) {
            return Ok(());
        }
        self.bad_for("Extra characters after the end of the 'for' expression.")
    }

    fn bad_for(&mut self, detail: &'static str) -> Outcome {
        let token = self.peek();
        self.tell(FOR, detail, token)
    }

    /// `k, v in x`
    fn names_and_collection(&mut self) -> Outcome {
        if self.peek().kind != Kind::Ident {
            return self.bad_for("For expression requires variable name after 'for'.");
        }
        self.at += 1;
        if self.take(",") {
            if self.peek().kind != Kind::Ident {
                return self.bad_for("For expression requires value variable name after comma.");
            }
            self.at += 1;
        }
        if !self.is_word("in") {
            return self
                .bad_for("For expression requires the 'in' keyword after its name declarations.");
        }
        self.at += 1;
        self.expression()
    }

    /// Behind an opening quote or heredoc marker, to its end.
    fn template(&mut self) -> Outcome {
        let mut open: Vec<(&'static str, Token)> = Vec::new();
        loop {
            let token = self.next();
            match token.kind {
                Kind::Text => {}
                Kind::CloseQuote | Kind::CloseHeredoc => {
                    let Some((name, _)) = open.pop() else { return Ok(()) };
                    let detail = format!(
                        "The {name} directive is missing its corresponding end{name} directive."
                    );
                    return self.tell("Unexpected end of template", detail, token);
                }
                Kind::Interpolation => self.within(false, |it| it.interpolation(token))?,
                Kind::Control => self.within(false, |it| it.control(token, &mut open))?,
                _ => {
                    return self.tell(
                        "Unterminated template string",
                        "No closing marker was found for the string.",
                        token,
                    );
                }
            }
        }
    }

    fn interpolation(&mut self, open: Token) -> Outcome {
        self.expression()?;
        let token = self.next();
        match token.kind {
            Kind::SequenceEnd => Ok(()),
            Kind::Eof | Kind::OpenQuote | Kind::CloseQuote => self.tell(
                "Unclosed template interpolation sequence",
                "There is no closing brace for this interpolation sequence before the end of the \
                 template.",
                open,
            ),
            _ => self.tell(
                "Extra characters after interpolation expression",
                "Expected a closing brace to end the interpolation expression, but found extra \
                 characters.",
                token,
            ),
        }
    }

    fn control(&mut self, sign: Token, open: &mut Vec<(&'static str, Token)>) -> Outcome {
        let word = self.next();
        let keyword = if word.kind == Kind::Ident { self.source(word) } else { "" };
        let fits = match keyword {
            "if" => {
                self.expression()?;
                open.push(("if", sign));
                true
            }
            "for" => {
                self.names_and_collection()?;
                open.push(("for", sign));
                true
            }
            "else" => open.last().is_some_and(|(name, _)| *name == "if"),
            "endif" => open.pop().is_some_and(|(name, _)| name == "if"),
            "endfor" => open.pop().is_some_and(|(name, _)| name == "for"),
            _ => {
                return self.tell(
                    "Invalid template directive",
                    format!("{keyword:?} is not a valid template control keyword."),
                    word,
                );
            }
        };
        if !fits {
            let detail = format!("There is no directive that this {keyword} belongs to.");
            return self.tell("Unexpected template directive", detail, word);
        }
        let token = self.next();
        if token.kind == Kind::SequenceEnd {
            return Ok(());
        }
        self.tell(
            "Extra characters in template directive",
            format!("Expected a closing brace to end the {keyword} marker."),
            token,
        )
    }
}

const FOR: &str = "Invalid 'for' expression";
