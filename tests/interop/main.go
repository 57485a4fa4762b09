// Command interop checks a Veridose log with the public tools of others: Go's sumdb/tlog and Tessera's fsck.
//
//	interop check LOG VKEY            both tools accept the log
//	interop continues LOG VKEY EARLIER the log continues the one of an earlier signed checkpoint, in a file
//	interop flips LOG VKEY COUNT SEED both refuse it after any one of COUNT flipped bits, chosen by SEED
//
// LOG is a directory in C2SP tlog-tiles form, VKEY the log's public key as a signed-note verifier key. The last line
// has the form of a Rust test run, so that one count holds for all.
package main

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: interop check LOG VKEY | interop continues LOG VKEY EARLIER | interop flips LOG VKEY COUNT SEED")
	}
	verifier, err := note.NewVerifier(args[2])
	if err != nil {
		return fmt.Errorf("verifier key: %w", err)
	}
	log := Log{Dir: args[1], Verifier: verifier}
	switch {
	case args[0] == "check" && len(args) == 3:
		return report(checkAll(log))
	case args[0] == "continues" && len(args) == 4:
		return log.CheckContinues(args[3])
	case args[0] == "flips" && len(args) == 5:
		count, err := strconv.Atoi(args[3])
		if err != nil || count < 1 {
			return fmt.Errorf("COUNT: expected a positive number, got %q", args[3])
		}
		seed, err := strconv.ParseUint(args[4], 10, 64)
		if err != nil {
			return fmt.Errorf("SEED: %w", err)
		}
		return report(flipAll(log, count, seed))
	default:
		return fmt.Errorf("no such command: %q", args)
	}
}

// checkAll gives the number of checks that passed and what was wrong with the others.
func checkAll(log Log) (passed int, failures []error) {
	size, err := log.CheckWithTlog()
	if err != nil {
		failures = append(failures, fmt.Errorf("sumdb/tlog refuses the log: %w", err))
	} else {
		fmt.Printf("sumdb/tlog accepts the log of %d entries\n", size)
		passed++
	}
	if err := log.CheckWithTessera(); err != nil {
		failures = append(failures, fmt.Errorf("Tessera's fsck refuses the log: %w", err))
	} else {
		fmt.Println("Tessera's fsck accepts the log")
		passed++
	}
	return passed, failures
}

func report(passed int, failures []error) error {
	for _, failure := range failures {
		fmt.Fprintln(os.Stderr, "FAILED:", failure)
	}
	verdict := "ok"
	if len(failures) > 0 {
		verdict = "FAILED"
	}
	fmt.Printf("test result: %s. %d passed; %d failed\n", verdict, passed, len(failures))
	if len(failures) > 0 {
		return fmt.Errorf("%d checks failed", len(failures))
	}
	return nil
}
