// Package metadata reads and writes what a file says about where its content
// comes from: above all the AIGC record of GB 45438-2025 Annex E, and beside it
// other statements, such as the IPTC DigitalSourceType and C2PA manifests.
//
// Three calls do the work. [Write] is for services that generate content, and
// makes a record the one record of a file. [Propagate] is for platforms, and adds
// their own fields to it. [Read] lists every statement in a file:
//
//	src := metadata.Bytes(upload, "sunset.png")
//	reading, err := metadata.Read(src, nil)
//	if err == nil && reading.Record != nil {
//		fmt.Println(reading.Record.Label, reading.Record.ContentProducer, reading.Record.Validate())
//	}
//
// [Formats] is the table of what each format can carry and where. What a file
// holds decides its format, not its name.
//
// # Layers
//
// A [Record] is the seven members of the standard. [ParseRecord] takes them as
// real files write them, [Record.Validate] says which items of the standard they
// break, and [ParseProviderCode] does the same for the codes in them. A [Site] is a
// statement with its place in the file, a [Reading] all of them.
//
// Package label stands on this one: visible notices, verdicts and reports.
//
// # Files
//
// A [Source] is a file that is read at positions: only its head, the headers of
// its elements and its metadata, never its media. A write changes the bytes of
// the record and what must follow from it, such as offsets and checksums; all
// others are copied. It is planned, and read back, before the first byte leaves.
//
// Files are taken as hostile. What they claim is bounded by [Limits]; to examine
// one costs at most four times its size and 16 MiB of memory. A damaged file is
// read as far as it goes, and never written.
//
// # Errors and concurrency
//
// An error says that a file could not be examined or written. A record that is
// absent, broken or contradictory is no error of a read, but part of its result.
//
// All functions are safe for concurrent use, on one source as well if its reader
// is. Nothing is kept between calls; nothing is logged, and no network is used.
package metadata
