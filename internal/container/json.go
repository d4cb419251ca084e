package container

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
	"github.com/aigclabel/aigclabel/internal/splice"
)

// JSON, RFC 8259. No guide names a place for the record. Ours is a member AIGC,
// with the bare object as its value, the first one of
//
//   - the object that the text is;
//   - in a Jupyter notebook, its metadata, which is for the use of programs;
//   - in JSON Lines, the object of the first line.
//
// A text that is an array or a scalar has no place: only the reader of the data
// knows how to wrap it.

const (
	jsonRecord  = "AIGC"
	jsonRecords = 1024 // members of that name
)

type jsonFile struct {
	Layout
	src    *Source
	text   string // of the file, up to the end of the object or of the limit
	slots  []jsonSlot
	lines  bool  // the object must not span lines
	place  int   // where the object for a new member opens
	refuse error // why there is none
}

// A jsonSlot is where a slot stands.
type jsonSlot struct {
	object int // where it opens
	jsonscan.Member
}

// JSON walks a JSON text. Members of the same name are listed, each as a slot.
func JSON(src *Source) (File, error) { return walkJSON(src, (*jsonFile).document) }

// Jupyter walks a notebook (nbformat 4, JSON).
func Jupyter(src *Source) (File, error) { return walkJSON(src, (*jsonFile).notebook) }

// JSONLines walks JSON Lines, also called NDJSON. Only the first line is examined:
// the files are long, and a record speaks of all of it.
func JSONLines(src *Source) (File, error) { return walkJSON(src, (*jsonFile).firstLine) }

func walkJSON(src *Source, walk func(*jsonFile, []byte) error) (File, error) {
	f := &jsonFile{src: src, refuse: fmt.Errorf("%w: put the data into a member of an object", ErrNoPlace)}
	b, err := src.Bytes(0, min(src.Size(), HeadSize), "JSON text")
	switch {
	case err != nil:
	case utf16Order(b) != nil:
		f.refuse = fmt.Errorf("%w: convert the text from UTF-16 to UTF-8", ErrNoPlace)
	default:
		err = walk(f, b)
	}
	return f, f.fail(src.Size(), err)
}

// JSONKind says by the head of a file what JSON it is: "json", "jsonl", "ipynb",
// or "" for what does not start with an object that has members.
func JSONKind(src *Source) (string, error) {
	head, err := src.Head(HeadSize)
	text := strings.TrimLeft(strings.TrimPrefix(string(head), utf8BOM), jsonscan.Space)
	if err != nil || !strings.HasPrefix(text, "{") {
		return "", err
	}
	first := ""
	for m := range jsonscan.Members(text, 0) {
		first = text[m.Key:m.Colon]
		break
	}
	end, ok := jsonscan.Value(text, 0)
	rest := strings.Trim(text[end:], jsonscan.Space)
	switch {
	case first == "" || ok && rest != "" && rest[0] != '{':
		return "", nil
	case rest != "":
		return "jsonl", nil
	case strings.Contains(text, `"cell_type"`) && strings.Contains(`"cells" "metadata" "nbformat"`, first):
		return "ipynb", nil
	}
	return "json", nil
}

// whole reads the text up to the limit of a value, and checks it.
func (f *jsonFile) whole() error {
	size := min(f.src.Size(), f.src.Value)
	b, err := f.src.Bytes(0, size, "JSON text")
	if err != nil {
		return err
	}
	f.text = string(b)
	if size < f.src.Size() {
		f.Limits = []error{&LimitError{What: "JSON text", Limit: f.src.Value}}
		return nil
	}
	f.check(b)
	return nil
}

// check notes where the text is not JSON.
func (f *jsonFile) check(b []byte) {
	text := bytes.TrimPrefix(b, []byte(utf8BOM))
	if json.Valid(text) {
		return
	}
	err, offset := json.Unmarshal(text, &struct{}{}), len(b)
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		offset = len(b) - len(text) + int(syntax.Offset)
	}
	f.damage(int64(offset), "%w", err)
}

// open returns where the object opens that the text is, -1 if it is none.
func (f *jsonFile) open() int {
	start := len(f.text) - len(strings.TrimPrefix(f.text, utf8BOM))
	if start = jsonscan.Skip(f.text, start); start < len(f.text) && f.text[start] == '{' {
		return start
	}
	return -1
}

func (f *jsonFile) document([]byte) error {
	if err := f.whole(); err != nil {
		return err
	}
	if open := f.open(); open >= 0 {
		f.place, f.refuse = open, nil
		return f.object(open, nil)
	}
	return nil
}

func (f *jsonFile) notebook([]byte) error {
	if err := f.whole(); err != nil || f.open() < 0 {
		return err
	}
	f.refuse = fmt.Errorf("%w: the notebook has no metadata", ErrNoPlace)
	return f.object(f.open(), func(m jsonscan.Member) error {
		if f.text[m.Key:m.Colon] != `"metadata"` || f.text[m.At] != '{' {
			return nil
		}
		if f.refuse == nil {
			f.damage(int64(m.Key), "two members metadata")
		}
		f.place, f.refuse = m.At, nil
		return f.object(m.At, nil)
	})
}

func (f *jsonFile) firstLine(head []byte) error {
	line, ok := cutJSONLine(head)
	if !ok && int64(len(head)) < f.src.Size() {
		b, err := f.src.Bytes(0, min(f.src.Size(), f.src.Value), "JSON line")
		if err != nil {
			return err
		}
		if line, ok = cutJSONLine(b); !ok && int64(len(b)) < f.src.Size() {
			f.Limits = []error{&LimitError{What: "JSON line", Limit: f.src.Value}}
		}
	}
	f.text, f.lines = string(line), true
	if open := f.open(); open >= 0 {
		f.place, f.refuse = open, nil
		f.check(line)
		return f.object(open, nil)
	}
	return nil
}

// cutJSONLine returns b up to the end of its first line that is not blank, and
// whether that is there.
func cutJSONLine(b []byte) ([]byte, bool) {
	start := len(b) - len(bytes.TrimLeft(bytes.TrimPrefix(b, []byte(utf8BOM)), jsonscan.Space))
	if end := bytes.IndexByte(b[start:], '\n'); end >= 0 {
		return b[:start+end], true
	}
	return b, false
}

// object lists the records of the object that opens at open. Other members go to
// visit, if there is one.
func (f *jsonFile) object(open int, visit func(jsonscan.Member) error) error {
	for m := range jsonscan.Members(f.text, open) {
		if err := f.src.Element(); err != nil {
			return err
		}
		if !f.isRecord(m) {
			if visit == nil {
				continue
			}
			if err := visit(m); err != nil {
				return err
			}
			continue
		}
		if len(f.Slots) == jsonRecords {
			return &LimitError{What: "number of JSON members " + jsonRecord, Limit: jsonRecords}
		}
		f.add(open, m)
	}
	return nil
}

// add lists a record.
func (f *jsonFile) add(open int, m jsonscan.Member) {
	name := jsonscan.Unquote(f.text[m.Key:m.Colon])
	f.Slots = append(f.Slots, Slot{
		Kind: Record, Key: name, Place: "JSON member " + name, Value: []byte(f.text[m.At:m.End]),
		Guide:  open == f.place && name == jsonRecord && f.refuse == nil && f.vacant(Record),
		Ranges: []Range{{int64(m.At), int64(m.End - m.At)}},
	})
	f.slots = append(f.slots, jsonSlot{open, m})
}

// isRecord reports whether a member is a record: by its name, in lower case only
// if its value can be one. Data may have such a flag.
func (f *jsonFile) isRecord(m jsonscan.Member) bool {
	name := jsonscan.Unquote(f.text[m.Key:m.Colon])
	return name == jsonRecord || strings.EqualFold(name, jsonRecord) && (f.text[m.At] == '{' || f.text[m.At] == '"')
}

// Plan implements [File].
func (f *jsonFile) Plan(changes []Change) (*splice.Plan, error) {
	var edits []splice.Edit
	var added []string
	gone := map[int][]int{} // keys of members, by where their objects open
	for i, s := range f.slots {
		c, ok := changed(changes, &f.Slots[i])
		if !ok {
			continue
		}
		if c.Value == nil {
			gone[s.object] = append(gone[s.object], s.Key)
			continue
		}
		value, err := f.encode(c.Value)
		if err != nil {
			return nil, err
		}
		if value != f.text[s.At:s.End] {
			edits = append(edits, splice.Edit{Offset: int64(s.At), Delete: int64(s.End - s.At), Insert: strings.NewReader(value)})
		}
	}
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case f.refuse != nil:
			return nil, f.refuse
		case c.Kind != Record:
			return nil, ErrNoPlace
		default:
			value, err := f.encode(c.Value)
			if err != nil {
				return nil, err
			}
			added = append(added, value)
			gone[f.place] = slices.Clip(gone[f.place]) // to be visited
		}
	}
	for object, keys := range gone {
		members := slices.Collect(jsonscan.Members(f.text, object))
		edits = append(edits, removeJSON(members, keys)...)
		if object == f.place && len(added) > 0 {
			edits = append(edits, f.insertion(members, len(members) > len(keys), added))
		}
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), edits)
}

// encode returns a value as it stands in the text: on one line if the object does.
func (f *jsonFile) encode(value []byte) (string, error) {
	if f.lines || !json.Valid(value) {
		return jsonLine(value)
	}
	return string(value), nil
}

// jsonLine returns a JSON text without line breaks.
func jsonLine(value []byte) (string, error) {
	if !json.Valid(value) {
		return "", ErrNoPlace
	}
	if !bytes.ContainsAny(value, "\r\n") {
		return string(value), nil
	}
	var line bytes.Buffer
	err := json.Compact(&line, value)
	return line.String(), err
}

// removeJSON deletes the members with these keys, each with one comma.
func removeJSON(members []jsonscan.Member, keys []int) (edits []splice.Edit) {
	deletion := func(from, to int) {
		edits = append(edits, splice.Edit{Offset: int64(from), Delete: int64(to - from)})
	}
	isGone := func(m jsonscan.Member) bool {
		_, ok := slices.BinarySearch(keys, m.Key)
		return ok
	}
	kept := len(members)
	for kept > 0 && isGone(members[kept-1]) {
		kept--
	}
	for i, m := range members[:kept] {
		if isGone(m) {
			deletion(m.Key, members[i+1].Key)
		}
	}
	switch end := len(members) - 1; {
	case kept > end:
	case kept == 0:
		deletion(members[0].Key, members[end].End)
	default:
		deletion(members[kept-1].End, members[end].End)
	}
	return edits
}

// insertion adds members in front, in the style of the first that there is; more
// says that members follow.
func (f *jsonFile) insertion(members []jsonscan.Member, more bool, values []string) splice.Edit {
	at, colon, space := f.place+1, ":", ""
	if len(members) > 0 {
		first := members[0]
		colon, space = f.text[first.Colon:first.At], f.text[at:first.Key]
		if at = first.Key; len(space) > maxIndent || space == "" && len(colon) > 1 {
			space = " "
		}
	}
	text := ""
	for i, v := range values {
		if text += `"` + jsonRecord + `"` + colon + v; more || i+1 < len(values) {
			text += "," + space
		}
	}
	return splice.Edit{Offset: int64(at), Insert: strings.NewReader(text)}
}
