//! What users do, from the outside: the built program over HTTP and the command line.

mod system {
    mod capture;
    mod command_line;
    mod demo;
    mod documents;
    mod large;
    mod own_side;
    mod parties;
    mod pharma;
    mod postgres;
    mod requests;
    mod restart;
    mod studies;
    mod view;
    mod watch;
}
