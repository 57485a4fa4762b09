//! What users do, from the outside: the built program over HTTP and the command line.

mod system {
    mod command_line;
    mod demo;
}
