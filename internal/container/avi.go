package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// AVI: RIFF of the form AVI (Microsoft, AVI RIFF File Reference), and the OpenDML
// extensions (Matrox, 1.02), which go on in outer chunks of the form AVIX. The
// guide's place is a chunk AIGC in LIST/INFO.

type aviFile struct {
	Layout
	riff    *riff
	infos   []*riffInfo
	texts   []riffText // of chunks beside the lists
	fillers []riffChunk
	headers riffChunk // LIST/hdrl
	movi    riffChunk // LIST/movi, the first
	index   riffChunk // idx1
}

// AVI walks an AVI file.
func AVI(src *Source) (File, error) {
	f := &aviFile{}
	return f, f.fail(src.Size(), f.walk(src))
}

func (f *aviFile) walk(src *Source) error {
	form, ok, err := RIFFForm(src)
	if err != nil {
		return err
	}
	if !ok || form != "AVI " {
		return &FormatError{Offset: 0, Err: errors.New("no RIFF header of the form AVI")}
	}
	if f.riff, err = f.readRIFF(src); err != nil {
		return err
	}
	if f.riff.id == "RIFX" {
		return &FormatError{Offset: 0, Err: errors.New("big-endian RIFX is not supported")}
	}
	f.End = 0 // further outer chunks may follow
	if err := f.riff.chunks(&f.Layout, riffHeaderSize, f.riff.end, f.chunk); err != nil {
		return err
	}
	if f.movi.length == 0 {
		f.damage(f.riff.end, "no movi list")
	}
	return f.extensions()
}

// chunk lists the slots of a chunk, or notes it for edits.
func (f *aviFile) chunk(c riffChunk) error {
	switch {
	case c.id == "LIST":
		return f.list(c)
	case c.id == "JUNK" && f.movi.length == 0 && len(f.fillers) < maxFillers:
		f.fillers = append(f.fillers, c)
	case c.id == "idx1":
		f.index = c
	case c.id == "C2PA":
		i, err := f.addSlot(c.storeSlot("RIFF C2PA", f.vacant(C2PA)))
		if err == nil {
			f.texts = append(f.texts, riffText{riffChunk: c, slot: i})
		}
		return err
	case c.id == "_PMX":
		return f.text(c, Slot{Kind: XMP, Place: "RIFF _PMX"})
	case recordKey(c.id):
		return f.text(c, Slot{Kind: Record, Key: c.id, Place: "RIFF " + printable(c.id)})
	}
	return nil
}

func (f *aviFile) text(c riffChunk, s Slot) error {
	t, err := f.riff.list(&f.Layout, c, s)
	if err == nil {
		f.texts = append(f.texts, t)
	}
	return err
}

func (f *aviFile) list(c riffChunk) error {
	if c.size < 4 {
		return nil
	}
	form, err := f.riff.src.Peek(c.data(), 4)
	if err != nil {
		return err
	}
	switch string(form) {
	case "hdrl":
		f.headers = c
	case "movi":
		if f.movi.length == 0 {
			f.movi = c
		}
	case "INFO":
		info, err := f.riff.readInfo(&f.Layout, c, true)
		if len(info.texts) > 0 || len(f.infos) == 0 {
			f.infos = append(f.infos, info)
		}
		return err
	}
	return nil
}

// extensions checks the outer chunks behind the first.
func (f *aviFile) extensions() error {
	src := f.riff.src
	for pos := f.riff.end; src.Size()-pos >= riffHeaderSize; {
		if err := src.Element(); err != nil {
			return err
		}
		h, err := src.Peek(pos, riffHeaderSize)
		if err != nil || string(h[:4]) != "RIFF" || string(h[8:]) != "AVIX" {
			return err
		}
		size := int64(binary.LittleEndian.Uint32(h[4:]))
		if size > src.Size()-pos-chunkOverhead {
			f.damage(pos, "RIFF AVIX chunk: %w", errTruncated)
		}
		pos += chunkOverhead + size + size&1
	}
	return nil
}

// Plan implements [File]. A new record goes into the INFO list before the media,
// or into a new one, and takes the room of JUNK there. Otherwise the media moves,
// and the indexes that count from the start of the file follow.
func (f *aviFile) Plan(changes []Change) (*splice.Plan, error) {
	edits, err := f.edits(changes)
	if err != nil {
		return nil, err
	}
	if edits = append(edits, f.absorb(edits)...); len(edits) > 0 {
		outer, err := f.riff.resize(growth(edits...))
		if err != nil {
			return nil, err
		}
		follow, err := f.indexes(edits)
		if err != nil {
			return nil, err
		}
		edits = append(append(edits, outer...), follow...)
	}
	plan, err := splice.New(f.riff.src.ReaderAt(), f.riff.src.Size(), edits)
	if err != nil {
		return nil, err
	}
	return plan, f.holds(plan)
}

// holds reports an index whose offsets are written over the lists: such a file
// walks clean, and would not once they follow.
func (f *aviFile) holds(plan *splice.Plan) error {
	out, err := AVI(NewSource(plan, plan.Size(), f.riff.src.Limits))
	if err == nil {
		err = out.Summary().Damage
	}
	return err
}

// edits returns the edits that the changes ask for themselves.
func (f *aviFile) edits(changes []Change) ([]splice.Edit, error) {
	home := slices.IndexFunc(f.infos, func(i *riffInfo) bool { return i.offset < f.movi.offset })
	var record, store []byte
	var edits []splice.Edit
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind == Record && f.movi.length > 0:
			record = append(record, encodeChunk("AIGC", append(slices.Clip(c.Value), 0))...)
		case c.Kind == C2PA && f.movi.length > 0 && !f.riff.open:
			store = c.Value
		default:
			return nil, ErrNoPlace
		}
	}
	for i, info := range f.infos {
		var more []byte
		if i == home {
			more = record
		}
		e, err := info.grow(&f.Layout, changes, more)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	for _, t := range f.texts {
		edits = append(edits, t.plan(&f.Layout, changes, "")...)
	}
	if home < 0 && record != nil {
		list := encodeChunk("LIST", append([]byte("INFO"), record...))
		edits = append(edits, splice.Edit{Offset: f.movi.offset, Insert: bytes.NewReader(list)})
	}
	if store != nil {
		edits = f.riff.appendChunk(edits, "C2PA", store)
	}
	return edits, nil
}

// absorb returns the edits of JUNK before the media that make up for others there.
func (f *aviFile) absorb(edits []splice.Edit) []splice.Edit {
	n := int64(0)
	for _, e := range edits {
		if e.Offset <= f.movi.offset {
			n += growth(e)
		}
	}
	if n == 0 {
		return nil
	}
	for _, c := range slices.Backward(f.fillers) {
		if e := c.absorb(n); e != nil && n >= -maxFree {
			return e
		}
	}
	if n > -chunkOverhead || n < -maxFree || n&1 == 1 {
		return nil
	}
	junk := encodeChunk("JUNK", make([]byte, -n-chunkOverhead))
	return []splice.Edit{{Offset: f.movi.offset, Insert: bytes.NewReader(junk)}}
}
