// Package aigclabel is the map of a library that puts labels on AI-generated
// content and verifies the labels that content carries. It has no code of its own.
//
// # Which package for what
//
// Package [github.com/aigclabel/aigclabel/label] is the product. Its
// [github.com/aigclabel/aigclabel/label.Labeler] is for services that generate
// content: one call for each file puts in the record that machines read and,
// where asked for, the notice that people see and the watermark that nobody sees. Its
// [github.com/aigclabel/aigclabel/label.Verifier] is for platforms that take
// uploads, and for auditors: it says which labels a file carries, whether they
// hold, and what text the platform must show.
//
// Package [github.com/aigclabel/aigclabel/metadata] is the layer below: the AIGC
// record of GB 45438-2025 Annex E, the codes of service providers, the table of
// file formats, and reading, writing and propagating records. Take it when you
// need the record alone, or every statement that a file makes.
//
// Package [github.com/aigclabel/aigclabel/watermark] hides a payload in the pixels of
// pictures and finds it again. The labeler and the verifier do so with the tag of the
// record; take the package alone for payloads and pictures of your own.
//
// Package [github.com/aigclabel/aigclabel/metadata/c2pa] validates and signs Content
// Credentials, package [github.com/aigclabel/aigclabel/metadata/seal] the integrity data
// in the record. The labeler writes both where it is given keys.
//
// The packages below internal hold what both stand on: edit plans, the formats
// of files, XMP. The programs below examples are templates to copy.
//
// # What holds everywhere
//
// Files go in as an [io.ReaderAt] with a size, so an *os.File, a
// multipart.File, a *bytes.Reader and a ranged reader of object storage all fit.
// Only what is needed is read. Output differs from the input in the label and in
// what must follow from it, such as offsets and checksums; it is planned and read
// back before the first byte leaves.
//
// Files are taken as hostile: all that they claim is checked against documented
// limits. Labels that are absent, wrong or contradictory are findings in a report;
// an error means that a file could not be examined or written. The library does
// not print, does not use the network unless it is told to get a time stamp, and has no call that removes a label.
//
// # Compatibility
//
// The module is at v0: a minor version may change the API, and the changelog says
// how. Some things are kept even so: the ids of checks and the fields of JSON
// reports are only added to, and a record that one version writes is read by all
// later ones. The two latest releases of Go are supported.
package aigclabel
