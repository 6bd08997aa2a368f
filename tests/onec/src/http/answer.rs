//! An answer, assembled whole before its first byte leaves, as 1C does.

use std::fmt::Write as _;

/// Status, headers, body.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

pub const HTML: &str = "text/html;charset=utf-8";
pub const JSON_TEXT: &str = "application/json;charset=utf-8";

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A page of the web server in front.
    pub fn page(status: u16, text: &str) -> Self {
        Self::new(
            status,
            HTML,
            format!("<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>"),
        )
    }

    /// The head with the length that the reader is told.
    pub fn head(&self, length: usize, keeps_alive: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            _ = write!(head, "{name}: {value}\r\n");
        }
        let connection = if keeps_alive { "keep-alive" } else { "close" };
        _ = write!(
            head,
            "Server: Apache/2.4.62 (stand-in for 1C)\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n"
        );
        head
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        414 => "URI Too Long",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
