//! Tokens to a tree, loosest operator first: or, and, comparison, sum, product, unary, primary.

use super::{
    Literal, Node, Operator,
    lex::{Token, refuse, tokens},
};
use crate::odata::error::Refusal;

/// Deeper nesting than this is an attack on the stack, not a filter.
const MAX_DEPTH: usize = 200;

/// Reads the whole text or says why not.
pub fn parse(text: &str) -> Result<Node, Refusal> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let node = parser.or()?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => Err(refuse(format!("лишнее в конце: {token:?}"))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

const COMPARISONS: &[(&str, Operator)] = &[
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("gt", Operator::Gt),
    ("ge", Operator::Ge),
    ("lt", Operator::Lt),
    ("le", Operator::Le),
];
const SUMS: &[(&str, Operator)] = &[("add", Operator::Add), ("sub", Operator::Sub)];
const PRODUCTS: &[(&str, Operator)] = &[("mul", Operator::Mul), ("div", Operator::Div)];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Result<(), Refusal> {
        if self.take(token) {
            Ok(())
        } else {
            Err(refuse(format!("ожидается {token:?}, найдено {:?}", self.peek())))
        }
    }

    fn word(&mut self, among: &[(&str, Operator)]) -> Option<Operator> {
        let Some(Token::Name(name)) = self.peek() else { return None };
        let (_, operator) = among.iter().find(|(word, _)| word == name)?;
        let operator = *operator;
        self.at += 1;
        Some(operator)
    }

    fn chain(
        &mut self,
        among: &[(&str, Operator)],
        tighter: fn(&mut Self) -> Result<Node, Refusal>,
    ) -> Result<Node, Refusal> {
        let mut left = tighter(self)?;
        while let Some(operator) = self.word(among) {
            left = Node::Binary(operator, Box::new(left), Box::new(tighter(self)?));
        }
        Ok(left)
    }

    fn or(&mut self) -> Result<Node, Refusal> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(refuse("слишком глубокое вложение"));
        }
        let node =
            self.chain(&[("or", Operator::Or)], |parser| parser.chain(&[("and", Operator::And)], Self::comparison));
        self.depth -= 1;
        node
    }

    fn comparison(&mut self) -> Result<Node, Refusal> {
        let left = self.sum()?;
        let Some(operator) = self.word(COMPARISONS) else { return Ok(left) };
        Ok(Node::Binary(operator, Box::new(left), Box::new(self.sum()?)))
    }

    fn sum(&mut self) -> Result<Node, Refusal> {
        self.chain(SUMS, |parser| parser.chain(PRODUCTS, Self::unary))
    }

    fn unary(&mut self) -> Result<Node, Refusal> {
        if self.take(&Token::Minus) {
            return Ok(Node::Minus(Box::new(self.primary()?)));
        }
        if self.take(&Token::Name("not".into())) {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(refuse("слишком глубокое вложение"));
            }
            let inner = self.comparison();
            self.depth -= 1;
            return Ok(Node::Not(Box::new(inner?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Node, Refusal> {
        match self.next() {
            Some(Token::Literal(literal)) => Ok(Node::Literal(literal)),
            Some(Token::Open) => {
                let inner = self.or()?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Name(name)) => match name.as_str() {
                "true" => Ok(Node::Literal(Literal::Bool(true))),
                "false" => Ok(Node::Literal(Literal::Bool(false))),
                "null" => Ok(Node::Literal(Literal::Null)),
                _ if self.take(&Token::Open) => Ok(Node::Call(name, self.arguments()?)),
                _ => self.path(name),
            },
            other => Err(refuse(format!("ожидается выражение, найдено {other:?}"))),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Node>, Refusal> {
        let mut arguments = Vec::new();
        if self.take(&Token::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.or()?);
            if !self.take(&Token::Comma) {
                self.expect(&Token::Close)?;
                return Ok(arguments);
            }
        }
    }

    fn path(&mut self, first: String) -> Result<Node, Refusal> {
        let mut path = vec![first];
        while self.take(&Token::Slash) {
            let Some(Token::Name(name)) = self.next() else {
                return Err(refuse("ожидается имя после \"/\""));
            };
            if (name == "any" || name == "all") && self.take(&Token::Open) {
                return self.lambda(path, name == "any");
            }
            path.push(name);
        }
        Ok(Node::Path(path))
    }

    fn lambda(&mut self, path: Vec<String>, is_any: bool) -> Result<Node, Refusal> {
        if is_any && self.take(&Token::Close) {
            return Ok(Node::Any { path, variable: String::new(), body: None });
        }
        let Some(Token::Name(variable)) = self.next() else {
            return Err(refuse("ожидается имя переменной"));
        };
        self.expect(&Token::Colon)?;
        let body = Box::new(self.or()?);
        self.expect(&Token::Close)?;
        Ok(if is_any { Node::Any { path, variable, body: Some(body) } } else { Node::All { path, variable, body } })
    }
}
