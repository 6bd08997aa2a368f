//! Names to columns, and the refusals of a real server: an unknown property, a reference that is compared by order, a
//! tabular section without `any`, a composite field against a bare GUID.

use super::{Literal, Node, Operator, lex::refuse};
use crate::{
    base::{Column, Set, Source, Value, source},
    odata::error::Refusal,
    schema::{Kind, Schema, Type},
};

/// A filter that fits the schema.
#[derive(Debug, Clone)]
pub enum Bound {
    Literal(Literal),
    Column(Column),
    Fixed(Value<'static>),
    /// Through the reference in the first, a value of the row it points to.
    Via(Box<Bound>, Set, Box<Bound>),
    /// Inside a lambda: a value of the document around the line.
    Outer(Box<Bound>),
    Not(Box<Bound>),
    Minus(Box<Bound>),
    And(Box<Bound>, Box<Bound>),
    Or(Box<Bound>, Box<Bound>),
    Compare(Operator, Box<Bound>, Box<Bound>),
    Arithmetic(Operator, Box<Bound>, Box<Bound>),
    Call(Function, Vec<Bound>),
    /// Over the lines; `None` asks only whether there are any.
    Any(Option<Box<Bound>>),
    All(Box<Bound>),
    Constant(bool),
}

/// Functions that 1C documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    StartsWith,
    EndsWith,
    SubstringOf,
    Like,
    Concat,
    Substring,
    Year,
    Quarter,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    DayOfWeek,
    DayOfYear,
    Round,
}

/// The type that an expression has before any row is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Null,
    Bool,
    Number,
    Text,
    Guid,
    Date,
    /// Several reference types in one field.
    Composite,
    /// The recorder of a register's record set.
    Recorder,
    /// What `cast` yields.
    Cast,
    Rows,
}

/// Checks a filter on the rows of `of`; it must come out as true or false.
pub fn bind(node: &Node, schema: &Schema, of: &Type) -> Result<Bound, Refusal> {
    let scope = Scope { schema, of, variable: None };
    match scope.bind(node)? {
        (bound, Shape::Bool) => Ok(bound),
        _ => Err(refuse("выражение не является условием")),
    }
}

struct Scope<'a> {
    schema: &'a Schema,
    of: &'a Type,
    /// Inside a lambda: its variable and the type of its rows.
    variable: Option<(&'a str, &'a Type)>,
}

type Typed = (Bound, Shape);

impl<'a> Scope<'a> {
    fn bind(&self, node: &Node) -> Result<Typed, Refusal> {
        match node {
            Node::Literal(literal) => Ok((Bound::Literal(literal.clone()), shape_of(literal))),
            Node::Path(path) => self.path(path),
            Node::Call(name, arguments) => self.call(name, arguments),
            Node::Not(inner) => Ok((Bound::Not(Box::new(self.condition(inner)?)), Shape::Bool)),
            Node::Minus(inner) => Ok((Bound::Minus(Box::new(self.of_shape(inner, Shape::Number)?)), Shape::Number)),
            Node::Binary(operator, left, right) => self.binary(*operator, left, right),
            Node::Any { path, variable, body } => self.lambda(path, variable, body.as_deref(), true),
            Node::All { path, variable, body } => self.lambda(path, variable, Some(body), false),
        }
    }

    fn condition(&self, node: &Node) -> Result<Bound, Refusal> {
        self.of_shape(node, Shape::Bool)
    }

    fn of_shape(&self, node: &Node, shape: Shape) -> Result<Bound, Refusal> {
        match self.bind(node)? {
            (bound, found) if found == shape => Ok(bound),
            (_, Shape::Rows) => Err(tabular()),
            _ => Err(refuse("неверный тип операнда")),
        }
    }

    fn binary(&self, operator: Operator, left: &Node, right: &Node) -> Result<Typed, Refusal> {
        match operator {
            Operator::And | Operator::Or => {
                let (left, right) = (Box::new(self.condition(left)?), Box::new(self.condition(right)?));
                let bound = if operator == Operator::And { Bound::And(left, right) } else { Bound::Or(left, right) };
                Ok((bound, Shape::Bool))
            }
            Operator::Add | Operator::Sub | Operator::Mul | Operator::Div => {
                let left = Box::new(self.of_shape(left, Shape::Number)?);
                let right = Box::new(self.of_shape(right, Shape::Number)?);
                Ok((Bound::Arithmetic(operator, left, right), Shape::Number))
            }
            _ => self.compare(operator, left, right),
        }
    }

    fn compare(&self, operator: Operator, left: &Node, right: &Node) -> Result<Typed, Refusal> {
        if let Some(typed) = self.compare_with_cast(operator, left, right)? {
            return Ok(typed);
        }
        let ((left, left_shape), (right, right_shape)) = (self.bind(left)?, self.bind(right)?);
        let is_equality = matches!(operator, Operator::Eq | Operator::Ne);
        let bound = match (left_shape, right_shape) {
            (Shape::Rows, _) | (_, Shape::Rows) => return Err(tabular()),
            // A bare GUID never equals a composite value, and nothing says so.
            (Shape::Composite, Shape::Guid) | (Shape::Guid, Shape::Composite) if is_equality => {
                Bound::Constant(operator == Operator::Ne)
            }
            // Answered with no rows although they exist.
            (Shape::Recorder, Shape::Text) | (Shape::Text, Shape::Recorder) if is_equality => Bound::Constant(false),
            (Shape::Recorder, _) | (_, Shape::Recorder) => {
                return Err(Refusal::runtime("Ошибка сравнения регистратора."));
            }
            (Shape::Guid, Shape::Guid) | (Shape::Guid, Shape::Cast) | (Shape::Cast, Shape::Guid) if !is_equality => {
                return Err(Refusal::runtime("Операция сравнения ссылок на больше или меньше недопустима."));
            }
            (a, b) if a == b || a == Shape::Null || b == Shape::Null || is_reference(a) && is_reference(b) => {
                Bound::Compare(operator, Box::new(left), Box::new(right))
            }
            (Shape::Composite, Shape::Text) | (Shape::Text, Shape::Composite) => {
                Bound::Compare(operator, Box::new(left), Box::new(right))
            }
            _ => return Err(Refusal::runtime("Несравнимые типы в условии.")),
        };
        Ok((bound, Shape::Bool))
    }

    /// `Field eq cast(guid'…','Document_X')`: the value and the type beside it must both be those.
    fn compare_with_cast(&self, operator: Operator, left: &Node, right: &Node) -> Result<Option<Typed>, Refusal> {
        let (Node::Path(path), Node::Call(name, arguments)) = (left, right) else {
            let (Node::Call(_, _), Node::Path(_)) = (left, right) else { return Ok(None) };
            return self.compare_with_cast(operator, right, left);
        };
        let is_equality = matches!(operator, Operator::Eq | Operator::Ne);
        let (field, shape) = self.path(path)?;
        if name != "cast" || shape != Shape::Composite || !is_equality {
            return Ok(None);
        }
        let (value, _) = self.typed(name, arguments)?;
        let is_value = Bound::Compare(Operator::Eq, Box::new(field), Box::new(value));
        let is_same = Bound::And(Box::new(is_value), Box::new(self.has_type(path, arguments)?));
        let bound = if operator == Operator::Eq { is_same } else { Bound::Not(Box::new(is_same)) };
        Ok(Some((bound, Shape::Bool)))
    }

    /// Whether the type beside a composite field is the one named last in the arguments.
    fn has_type(&self, path: &[String], arguments: &[Node]) -> Result<Bound, Refusal> {
        let Some(Node::Literal(Literal::Text(type_name))) = arguments.last() else {
            return Err(Refusal::new(400, 21, "Неверные аргументы функции."));
        };
        let mut beside = path.to_vec();
        if let Some(last) = beside.last_mut() {
            last.push_str("_Type");
        }
        let bare = type_name.strip_prefix("StandardODATA.").unwrap_or(type_name);
        let wanted = Bound::Literal(Literal::Text(format!("StandardODATA.{bare}")));
        Ok(Bound::Compare(Operator::Eq, Box::new(self.path(&beside)?.0), Box::new(wanted)))
    }

    fn path(&self, path: &[String]) -> Result<Typed, Refusal> {
        match (self.variable, path) {
            (Some((variable, rows)), [first, rest @ ..]) if first == variable && !rest.is_empty() => {
                self.member(rows, rest)
            }
            (Some(_), _) => self.member(self.of, path).map(|(bound, shape)| (Bound::Outer(Box::new(bound)), shape)),
            (None, _) => self.member(self.of, path),
        }
    }

    fn member(&self, of: &Type, path: &[String]) -> Result<Typed, Refusal> {
        let Some((first, rest)) = path.split_first() else { return Err(refuse("пустой путь")) };
        if rest.is_empty() {
            return value(of, first);
        }
        if let Some(property) = of.property(first) {
            return match &property.kind {
                Kind::Rows(rows) => match self.schema.named(rows) {
                    Some(rows) => self.member(rows, rest).map(|(bound, _)| (bound, Shape::Rows)),
                    None => Err(Refusal::no_property(first)),
                },
                _ => Err(Refusal::no_property(&rest[0])),
            };
        }
        let navigation = of.navigation(first).ok_or_else(|| Refusal::no_property(first))?;
        let target = self.schema.named(&navigation.target).ok_or_else(|| Refusal::no_property(first))?;
        let (key, _) = value(of, &format!("{first}_Key"))?;
        let (inner, shape) = self.member(target, rest)?;
        Ok((Bound::Via(Box::new(key), Set::of(target), Box::new(inner)), shape))
    }

    fn lambda(&self, path: &[String], variable: &str, body: Option<&Node>, is_any: bool) -> Result<Typed, Refusal> {
        let [name] = path else {
            return Err(refuse("лямбда допустима только для табличной части"));
        };
        let property = self.of.property(name).ok_or_else(|| Refusal::no_property(name))?;
        let Kind::Rows(rows) = &property.kind else {
            return Err(refuse(format!("\"{name}\" не табличная часть")));
        };
        let rows = self.schema.named(rows).ok_or_else(|| Refusal::no_property(name))?;
        let scope = Scope { schema: self.schema, of: self.of, variable: Some((variable, rows)) };
        let body = body.map(|body| scope.condition(body)).transpose()?.map(Box::new);
        let has_rows = source(self.of, property) == Source::Column(Column::Lines);
        let bound = match (has_rows, is_any, body) {
            (false, _, _) => Bound::Constant(!is_any),
            (true, true, body) => Bound::Any(body),
            (true, false, Some(body)) => Bound::All(body),
            (true, false, None) => return Err(refuse("all без условия")),
        };
        Ok((bound, Shape::Bool))
    }

    fn call(&self, name: &str, arguments: &[Node]) -> Result<Typed, Refusal> {
        use Shape::{Date, Number, Text};
        if matches!(name, "cast" | "isof") {
            return self.typed(name, arguments);
        }
        let (function, takes, gives): (Function, &[Shape], Shape) = match name {
            "startswith" => (Function::StartsWith, &[Text, Text], Shape::Bool),
            "endswith" => (Function::EndsWith, &[Text, Text], Shape::Bool),
            "substringof" => (Function::SubstringOf, &[Text, Text], Shape::Bool),
            "like" => (Function::Like, &[Text, Text], Shape::Bool),
            "concat" => (Function::Concat, &[Text, Text], Text),
            "substring" if arguments.len() == 2 => (Function::Substring, &[Text, Number], Text),
            "substring" => (Function::Substring, &[Text, Number, Number], Text),
            "year" => (Function::Year, &[Date], Number),
            "quarter" => (Function::Quarter, &[Date], Number),
            "month" => (Function::Month, &[Date], Number),
            "day" => (Function::Day, &[Date], Number),
            "hour" => (Function::Hour, &[Date], Number),
            "minute" => (Function::Minute, &[Date], Number),
            "second" => (Function::Second, &[Date], Number),
            "dayofweek" => (Function::DayOfWeek, &[Date], Number),
            "dayofyear" => (Function::DayOfYear, &[Date], Number),
            "round" => (Function::Round, &[Number], Number),
            "length" | "indexof" | "replace" | "tolower" | "toupper" | "trim" | "years" | "days" | "hours"
            | "seconds" | "floor" | "ceiling" | "dateadd" | "datedifference" => {
                return Err(Refusal::new(400, 21, format!("Функция \"{name}\" не реализована.")));
            }
            _ => return Err(Refusal::new(400, 11, format!("Метод \"{name}\" не найден."))),
        };
        if arguments.len() != takes.len() {
            return Err(Refusal::new(400, 21, format!("Неверные аргументы функции \"{name}\".")));
        }
        let bound = arguments.iter().zip(takes).map(|(argument, shape)| self.of_shape(argument, *shape));
        Ok((Bound::Call(function, bound.collect::<Result<_, _>>()?), gives))
    }

    /// `cast(guid'…','Document_X')` and `isof(Field,'Document_X')`.
    fn typed(&self, name: &str, arguments: &[Node]) -> Result<Typed, Refusal> {
        let [value, Node::Literal(Literal::Text(type_name))] = arguments else {
            return Err(Refusal::new(400, 21, format!("Неверные аргументы функции \"{name}\".")));
        };
        let bare = type_name.strip_prefix("StandardODATA.").unwrap_or(type_name);
        if self.schema.named(bare).is_none() {
            return Err(Refusal::new(400, 8, format!("Тип \"{type_name}\" не найден.")));
        }
        let (bound, shape) = self.bind(value)?;
        match (name, shape) {
            ("cast", _) => Ok((bound, Shape::Cast)),
            (_, Shape::Composite) => match value {
                Node::Path(path) => Ok((self.has_type(path, arguments)?, Shape::Bool)),
                _ => Ok((Bound::Constant(false), Shape::Bool)),
            },
            _ => Ok((Bound::Constant(true), Shape::Bool)),
        }
    }
}

/// A property of `of`, without navigation.
fn value(of: &Type, name: &str) -> Result<Typed, Refusal> {
    let property = of.property(name).ok_or_else(|| Refusal::no_property(name))?;
    let shape = match &property.kind {
        Kind::Text if name == "Recorder" => Shape::Recorder,
        Kind::Text if of.is_composite(property) => Shape::Composite,
        Kind::Text => Shape::Text,
        Kind::Guid => Shape::Guid,
        Kind::Number | Kind::Int16 | Kind::Int32 | Kind::Int64 => Shape::Number,
        Kind::Bool => Shape::Bool,
        Kind::Date => Shape::Date,
        Kind::Texts | Kind::Rows(_) | Kind::Complex(_) => Shape::Rows,
    };
    let bound = match source(of, property) {
        Source::Column(column) => Bound::Column(column),
        Source::Fixed(value) => Bound::Fixed(value),
    };
    Ok((bound, shape))
}

fn is_reference(shape: Shape) -> bool {
    matches!(shape, Shape::Guid | Shape::Cast)
}

fn shape_of(literal: &Literal) -> Shape {
    match literal {
        Literal::Null => Shape::Null,
        Literal::Bool(_) => Shape::Bool,
        Literal::Number(_) => Shape::Number,
        Literal::Text(_) => Shape::Text,
        Literal::Guid(_) => Shape::Guid,
        Literal::Date(_) => Shape::Date,
    }
}

fn tabular() -> Refusal {
    Refusal::runtime("Поле табличной части недопустимо в условии вне any и all.")
}
