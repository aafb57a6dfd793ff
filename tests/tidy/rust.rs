//! A Rust file taken apart as far as the rules need it: code, strings and comments as three texts of the same layout.
//!
//! This is a lexer, not a parser. What it must get right is where strings and comments begin and end, so that a rule
//! about code never fires on a word in a comment.

use std::ops::Range;

/// The parts of one file. Each text has the file's lines and columns; what belongs to another part is blank.
pub struct Source {
    /// Code, with the delimiters of strings but not their content.
    pub code: String,
    /// Content of string and character literals.
    pub strings: String,
    /// Comments with their markers, doc comments included.
    pub comments: String,
    /// Per line, from line 1 at index 0: compiled for tests only.
    pub is_test: Vec<bool>,
}

/// A function with a body.
pub struct Function {
    pub name: String,
    /// Line of the `fn`, from 1.
    pub line: usize,
    /// Lines from the `fn` to its closing brace that hold code.
    pub code_lines: usize,
}

impl Source {
    pub fn parse(text: &str) -> Self {
        let mut lexer = Lexer::new(text);
        lexer.run();
        let [code, strings, comments] =
            lexer.parts.map(|part| String::from_utf8(part).expect("whole characters"));
        let lines = text.split('\n').count();
        let mut source = Self { code, strings, comments, is_test: vec![false; lines] };
        source.mark_test_modules();
        source
    }

    pub fn mark_all_as_test(&mut self) {
        self.is_test.fill(true);
    }

    /// Lines of code outside tests, numbered from 1.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code_lines().filter(|(number, _)| !self.is_test[number - 1])
    }

    /// Lines of code in tests, numbered from 1.
    pub fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code_lines().filter(|(number, _)| self.is_test[number - 1])
    }

    /// All lines of code, numbered from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.code)
    }

    pub fn string_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.strings)
    }

    pub fn comment_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        numbered(&self.comments)
    }

    /// Every function that has a body, in the order of the file; a closure belongs to its function.
    pub fn functions(&self) -> Vec<Function> {
        let mut functions = Vec::new();
        for start in words(&self.code, "fn") {
            let name: String =
                self.code[start + 2..].trim_start().chars().take_while(|c| is_word(*c)).collect();
            // `fn(u8) -> u8` is a type.
            if name.is_empty() {
                continue;
            }
            let Some(body) = self.body(start) else { continue };
            let code_lines =
                self.code[start..body.end].split('\n').filter(|line| !line.trim().is_empty()).count();
            functions.push(Function { name, line: self.line_of(start), code_lines });
        }
        functions
    }

    /// Paths that the `#[cfg(test)] mod name;` declarations of the file at `path` point at.
    pub fn test_modules(&self, path: &str) -> Vec<String> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.trim_end_matches(".rs");
        let is_module_root = matches!(stem, "lib" | "main" | "mod");
        let base = if is_module_root { folder.to_owned() } else { format!("{folder}/{stem}") };
        let declared = |start: usize| {
            let rest = self.code[start..].trim_start_matches("#[cfg(test)]").trim_start();
            let module = rest.strip_prefix("mod ")?.split_once(';')?.0.trim();
            module.chars().all(is_word).then(|| [format!("{base}/{module}.rs"), format!("{base}/{module}/")])
        };
        self.code.match_indices("#[cfg(test)]").filter_map(|(start, _)| declared(start)).flatten().collect()
    }

    /// Line of a byte offset, from 1.
    pub fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count() + 1
    }

    /// Marks the lines of each `#[cfg(test)] mod name { … }`.
    fn mark_test_modules(&mut self) {
        let starts: Vec<_> = self.code.match_indices("#[cfg(test)]").map(|(start, _)| start).collect();
        for start in starts {
            let Some(body) = self.body(start) else { continue };
            let (first, last) = (self.line_of(start), self.line_of(body.end - 1));
            self.is_test[first - 1..last].fill(true);
        }
    }

    /// The braces that follow `start`, unless a semicolon outside brackets ends the item before them.
    fn body(&self, start: usize) -> Option<Range<usize>> {
        let mut depth = 0_usize;
        let mut opened = None;
        for (offset, byte) in self.code.bytes().enumerate().skip(start) {
            match byte {
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                b';' if depth == 0 && opened.is_none() => return None,
                b'{' => {
                    opened.get_or_insert((offset, depth));
                    depth += 1;
                }
                b'}' => {
                    depth = depth.saturating_sub(1);
                    if let Some((first, outside)) = opened
                        && depth == outside
                    {
                        return Some(first..offset + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// Offsets at which `word` stands alone.
pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(start, _)| start).filter(move |start| {
        let before = text[..*start].chars().next_back();
        let after = text[start + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n').zip(1..).map(|(line, number)| (number, line))
}

const CODE: usize = 0;
const STRINGS: usize = 1;
const COMMENTS: usize = 2;

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    parts: [Vec<u8>; 3],
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        let blank: Vec<u8> = text.bytes().map(|byte| if byte == b'\n' { b'\n' } else { b' ' }).collect();
        Self { text: text.as_bytes(), at: 0, parts: [blank.clone(), blank.clone(), blank] }
    }

    fn run(&mut self) {
        while self.at < self.text.len() {
            match self.text[self.at] {
                b'/' if self.next_is(b"//") => self.take_while(COMMENTS, |rest| rest[0] != b'\n'),
                b'/' if self.next_is(b"/*") => self.block_comment(),
                b'"' => self.string(),
                b'r' | b'b' | b'c' if !self.after_word() && self.raw_prefix().is_some() => self.raw_string(),
                b'\'' => self.character_or_lifetime(),
                _ => self.take(CODE, 1),
            }
        }
    }

    fn next_is(&self, prefix: &[u8]) -> bool {
        self.text[self.at..].starts_with(prefix)
    }

    fn after_word(&self) -> bool {
        self.at > 0 && is_word(char::from(self.text[self.at - 1]))
    }

    /// Moves `count` bytes into one part.
    fn take(&mut self, part: usize, count: usize) {
        let end = (self.at + count).min(self.text.len());
        self.parts[part][self.at..end].copy_from_slice(&self.text[self.at..end]);
        self.at = end;
    }

    fn take_while(&mut self, part: usize, goes_on: impl Fn(&[u8]) -> bool) {
        while self.at < self.text.len() && goes_on(&self.text[self.at..]) {
            self.take(part, 1);
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            if self.next_is(b"/*") {
                depth += 1;
                self.take(COMMENTS, 2);
            } else if self.next_is(b"*/") {
                depth -= 1;
                self.take(COMMENTS, 2);
                if depth == 0 {
                    return;
                }
            } else {
                self.take(COMMENTS, 1);
            }
        }
    }

    fn string(&mut self) {
        self.take(CODE, 1);
        while self.at < self.text.len() && self.text[self.at] != b'"' {
            let escaped = self.text[self.at] == b'\\';
            self.take(STRINGS, if escaped { 2 } else { 1 });
        }
        self.take(CODE, 1);
    }

    /// Lengths of the letters and of the hashes before a raw string that begins here: `r"…"`, `br#"…"#`.
    fn raw_prefix(&self) -> Option<(usize, usize)> {
        let rest = &self.text[self.at..];
        let letters = if rest[0] == b'r' { 1 } else { 2 };
        if letters == 2 && rest.get(1) != Some(&b'r') {
            return None;
        }
        let hashes = rest[letters..].iter().take_while(|byte| **byte == b'#').count();
        (rest.get(letters + hashes) == Some(&b'"')).then_some((letters, hashes))
    }

    fn raw_string(&mut self) {
        let (letters, hashes) = self.raw_prefix().expect("checked by the caller");
        let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
        self.take(CODE, letters + hashes + 1);
        self.take_while(STRINGS, |rest| !rest.starts_with(&end));
        self.take(CODE, end.len());
    }

    /// `'a'` and `'\n'` are characters, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) {
        let rest = std::str::from_utf8(&self.text[self.at + 1..]).expect("lexed in whole characters");
        let mut following = rest.chars();
        let content = match (following.next(), following.next()) {
            (Some('\\'), Some(_)) => rest[2..].find('\'').map(|end| end + 2),
            (Some(c), Some('\'')) => Some(c.len_utf8()),
            _ => None,
        };
        self.take(CODE, 1);
        if let Some(length) = content {
            self.take(STRINGS, length);
            self.take(CODE, 1);
        }
    }
}

#[test]
fn strings_and_comments_are_told_from_code() {
    let check = |text: &str, code: &str| {
        let source = Source::parse(text);
        assert_eq!(source.code.trim_end(), code, "{text}");
    };
    check("let a = 1; // unsafe", "let a = 1;");
    check("a /* b /* c */ d */ e", "a                   e");
    check(r#"f("unsafe \" // x", 1)"#, r#"f("              ", 1)"#);
    check(r##"f(r#"a " b"#)"##, r##"f(r#"     "#)"##);
    check(r#"f(br"a\", b"c")"#, r#"f(br"  ", b" ")"#);
    check("fn f<'a>(x: &'a str) -> char { '\"' }", "fn f<'a>(x: &'a str) -> char { ' ' }");
    check("let q = '\\''; let r = 'é'; g()", "let q = '  '; let r = '  '; g()");
    check("let number = 1; r", "let number = 1; r");
}

#[test]
fn functions_are_measured_without_blank_and_comment_lines() {
    let text = "impl A {\n    fn short() -> fn(u8) -> u8 {\n        // why\n\n        f\n    }\n}\ntrait B {\n    fn none(&self, a: [u8; 4]);\n}\n";
    let functions: Vec<_> =
        Source::parse(text).functions().iter().map(|f| (f.name.clone(), f.line, f.code_lines)).collect();
    assert_eq!(functions, [("short".to_owned(), 2, 3)]);
}

#[test]
fn test_code_is_known_by_module_and_by_file() {
    let source = Source::parse("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n");
    let product: Vec<_> =
        source.product_lines().filter(|(_, line)| line.contains("fn")).map(|(n, _)| n).collect();
    assert_eq!(product, [1, 6]);
    let lib = Source::parse("#[cfg(test)]\nmod world;\nmod real;\n");
    assert_eq!(lib.test_modules("crates/a/src/lib.rs"), ["crates/a/src/world.rs", "crates/a/src/world/"]);
}
