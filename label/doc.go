// Package label puts the labels that the law asks for on AI-generated content,
// and verifies those that content carries (GB 45438-2025, and the Measures for
// Labeling AI-Generated Synthetic Content).
//
// A [Labeler] is for services that generate content. One call for each file puts in
// the record that machines read and, where asked for, the notice that people see:
//
//	labeler := label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{}}
//	receipt, err := labeler.LabelFile(ctx, "sunset.png", "sunset.png", label.Artifact{})
//
// A [Verifier] is for platforms that take uploads, and for auditors. Its [Report] has
// a [Verdict], the text that the platform must show, the evidence, and the checks
// that pass and fail:
//
//	var verifier label.Verifier
//	report, err := verifier.VerifyFile(ctx, "sunset.png", nil)
//	fmt.Println(report.Verdict, report.Notice, report.Failed())
//
// [Verifier.Middleware] does so for the files of HTTP requests, [Verifier.FS] for
// trees of files. A [Propagator] writes a platform into the records of files.
//
// # Streams
//
// [Labeler.EventStream] labels the answer of a language model while it is streamed, in
// the protocols of OpenAI, Anthropic and Ollama; [Labeler.TextWriter] a plain text.
// [Labeler.ModifyResponse] does so in a reverse proxy, and [Labeler.Middleware] around a
// handler.
//
// # Layers
//
// A label has layers: the record in the metadata, which is package metadata's, and its
// seal, package seal's; the notice in the content, which is this package's; the [Watermark]
// in the pixels, package watermark's; and signed credentials, package c2pa's. They are put
// in in the order notice, watermark, record with seal, credentials, which cover all. Each
// [Receipt] says for each layer where it is, or why it is not there. [Formats] says which
// formats take a notice that people see, or hear as a [Cue] or a [Clip];
// with the others it is shown beside the content. Video is drawn on by the program ffmpeg, see
// [Labeler].FFmpeg; [Notice.Image] and [Notice.Lines] are for players, interfaces and
// virtual scenes that show it themselves.
//
// # Errors and concurrency
//
// An error says that a file could not be examined or labelled. Labels that are
// absent, wrong or contradictory are in the report. A report is valid beside an
// error: it says what was seen so far.
//
// Labelers and verifiers are configuration, and need no set-up but their fields. They may
// be shared by goroutines as long as their fields do not change. Calls stop at the
// next read or write when their context is done. Files are taken as hostile; what
// that costs is bounded by [metadata.Limits], [Labeler].MaxPixels and [Verifier].MaxPixels. Nothing is
// logged but to a logger that is given, and no network is used, but by a
// [c2pa.HTTPTimestamper] that a signer is given.
package label
