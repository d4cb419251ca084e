package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// FLAC (RFC 9639): the marker fLaC, metadata blocks, frames. The offsets of a
// SEEKTABLE count from the first frame, so blocks may grow. Some programs put
// ID3v2 tags in front, as C2PA 2.3 A.3.4 asks for, and ID3v1 behind.

const (
	flacMarker      = "fLaC"
	flacHeaderSize  = 4 // of a block: a flag and its type, 24 bits of length
	flacLast        = 0x80
	flacMaxSize     = 1<<24 - 1
	flacMaxComments = 64
	flacStreamInfo  = 34 // bytes

	// flacPadding is what a file gets when it must grow, so that the next edit
	// does not move the audio.
	flacPadding = 1 << 10
)

// The types of metadata blocks.
const (
	flacTypeStreamInfo  = 0
	flacTypePadding     = 1
	flacTypeApplication = 2
	flacTypeComment     = 4
)

type flacFile struct {
	Layout
	src      *Source
	tags     []*id3Tag // in front
	info     flacBlock
	last     flacBlock
	padding  flacBlock // the largest one
	comments []flacComments
	stores   []flacStore
}

// A flacBlock is a metadata block.
type flacBlock struct {
	Range // with the header
	kind  byte
	last  bool
}

func (b flacBlock) data() int64 { return b.Offset + flacHeaderSize }
func (b flacBlock) size() int64 { return b.Length - flacHeaderSize }
func (b flacBlock) end() int64  { return b.Offset + b.Length }

type flacComments struct {
	flacBlock
	*commentList
}

// A flacStore is an APPLICATION block with a C2PA manifest store.
type flacStore struct {
	flacBlock
	slot int
}

// IsFLAC reports whether src is a FLAC file, ID3v2 tags in front or not.
func IsFLAC(src *Source) (bool, error) {
	pos, _, err := skipID3(src)
	if err != nil || pos > src.Size()-int64(len(flacMarker)) {
		return false, err
	}
	b, err := src.Peek(pos, len(flacMarker))
	return string(b) == flacMarker, err
}

// FLAC walks a FLAC file. Of the audio it reads the end: a cut is seen in a file
// that states its number of samples.
func FLAC(src *Source) (File, error) {
	f := &flacFile{src: src}
	return f, f.fail(src.Size(), f.walk())
}

func (f *flacFile) walk() error {
	tags, pos, err := f.readID3Tags(f.src, false)
	f.tags = tags
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(f.Slots, func(s Slot) bool { return s.Kind == C2PA }); i >= 0 {
		f.Slots[i].Guide = true
	}
	b, err := f.src.Peek(pos, len(flacMarker))
	if err != nil {
		return err
	}
	if string(b) != flacMarker {
		return &FormatError{Offset: pos, Err: errors.New("no fLaC marker")}
	}
	for pos += int64(len(flacMarker)); !f.last.last; pos = f.last.end() {
		if f.last, err = f.blockAt(pos); err != nil {
			return err
		}
		if f.info.Length == 0 {
			f.info = f.last
		}
		if err := f.fail(pos, f.block(f.last)); err != nil {
			return err
		}
	}
	return f.audio(pos)
}

// blockAt returns the block at pos, as much of it as the file has.
func (f *flacFile) blockAt(pos int64) (flacBlock, error) {
	if err := f.src.Element(); err != nil {
		return flacBlock{}, err
	}
	h, err := f.src.Peek(pos, flacHeaderSize)
	if err != nil {
		return flacBlock{}, err
	}
	size := int64(binary.BigEndian.Uint32(h) & flacMaxSize)
	b := flacBlock{Range{pos, flacHeaderSize + size}, h[0] &^ flacLast, h[0]&flacLast != 0}
	if b.Length > f.src.Size()-pos {
		f.damage(pos, "FLAC metadata block: %w", errTruncated)
		b.Length = f.src.Size() - pos
	}
	return b, nil
}

// block lists the slots of a block.
func (f *flacFile) block(b flacBlock) error {
	if first := b.Offset == f.info.Offset; first && (b.kind != flacTypeStreamInfo || b.size() != flacStreamInfo) {
		f.damage(b.Offset, "first FLAC metadata block is not STREAMINFO")
		return nil
	}
	switch {
	case b.kind == flacTypePadding && b.Length > f.padding.Length:
		f.padding = b
	case b.kind == flacTypeComment:
		if len(f.comments) == flacMaxComments {
			return &LimitError{What: "number of FLAC comment blocks", Limit: flacMaxComments}
		}
		packet := fragments{}.extend(b.data(), b.size())
		list, err := f.readComments(f.src, packet, 0, "FLAC VORBIS_COMMENT", len(f.comments) == 0)
		f.comments = append(f.comments, flacComments{b, list})
		return err
	case b.kind == flacTypeApplication && b.size() >= 4:
		return f.application(b)
	}
	return nil
}

// application lists a C2PA manifest store in an APPLICATION block, as some
// programs wrote it.
func (f *flacFile) application(b flacBlock) error {
	const id = "c2pa"
	h, err := f.src.Peek(b.data(), len(id))
	if err != nil || string(h) != id {
		return err
	}
	store := Range{b.data() + int64(len(id)), b.size() - int64(len(id))}
	i, err := f.addSlot(Slot{Kind: C2PA, Place: "FLAC APPLICATION c2pa", Ranges: []Range{store}, Frame: []Range{b.Range}})
	if err == nil {
		f.stores = append(f.stores, flacStore{b, i})
	}
	return err
}

// audio checks the frames, which begin at pos.
func (f *flacFile) audio(pos int64) error {
	cut, err := flacCut(f.src, f.info.data(), pos)
	if err == nil && cut {
		f.damage(f.src.Size(), "FLAC audio: %w", errTruncated)
	}
	return err
}

// Plan implements [File]. A record that is added goes to the Vorbis comments, and
// Content Credentials to an ID3v2 tag in front. What grows grows into a PADDING
// block, wherever that is.
func (f *flacFile) Plan(changes []Change) (*splice.Plan, error) {
	var records, stores []Change
	for _, c := range changes {
		switch {
		case c.Slot != nil || c.Value == nil:
		case c.Kind == Record:
			records = append(records, c)
		case c.Kind == C2PA:
			stores = append(stores, c)
		default:
			return nil, ErrNoPlace
		}
	}
	tags, err := planID3(&f.Layout, f.tags, nil, changes, stores)
	if err != nil {
		return nil, err
	}
	blocks, err := f.planBlocks(changes, records)
	if err != nil {
		return nil, err
	}
	return splice.New(f.src.ReaderAt(), f.src.Size(), append(tags, blocks...))
}

// planBlocks returns the edits of the metadata blocks.
func (f *flacFile) planBlocks(changes, additions []Change) ([]splice.Edit, error) {
	edits, err := f.newBlock(additions)
	if err != nil {
		return nil, err
	}
	if len(f.comments) == 0 {
		additions = nil
	}
	for _, c := range f.comments {
		e, err := c.plan(&f.Layout, changes, additions)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
		additions = nil
	}
	for _, s := range f.stores {
		e, err := s.plan(&f.Layout, changes)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return append(edits, f.absorb(growth(edits...))...), nil
}

// newBlock returns the edit that adds a block of comments to a file without one,
// straight after STREAMINFO.
func (f *flacFile) newBlock(additions []Change) ([]splice.Edit, error) {
	if len(additions) == 0 || len(f.comments) > 0 {
		return nil, nil
	}
	data, err := newComments(additions)
	if err != nil {
		return nil, err
	}
	if len(data) > flacMaxSize {
		return nil, errFLACSize
	}
	return []splice.Edit{{Offset: f.info.end(), Insert: bytes.NewReader(encodeFLACBlock(flacTypeComment, data))}}, nil
}

var errFLACSize = &LimitError{What: "size of the FLAC metadata block", Limit: flacMaxSize}

// encodeFLACBlock returns a whole block.
func encodeFLACBlock(kind byte, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(data)))
	return append(b, data...)
}

// resize returns the edit of the block's length.
func (b flacBlock) resize(delta int64) (splice.Edit, error) {
	size := b.size() + delta
	if size > flacMaxSize {
		return splice.Edit{}, errFLACSize
	}
	h := binary.BigEndian.AppendUint32(nil, uint32(size))
	return splice.Edit{Offset: b.Offset + 1, Delete: 3, Insert: bytes.NewReader(h[1:])}, nil
}

// plan returns the edits of a block of comments.
func (c flacComments) plan(l *Layout, changes, additions []Change) ([]splice.Edit, error) {
	edits, err := c.commentList.plan(l, changes, additions)
	if len(edits) == 0 || err != nil {
		return nil, err
	}
	for i := range edits {
		edits[i].Offset += c.data()
	}
	size, err := c.resize(growth(edits...))
	return append(edits, size), err
}

// plan returns the edits of a store: one that goes leaves padding behind.
func (s flacStore) plan(l *Layout, changes []Change) ([]splice.Edit, error) {
	c, ok := changed(changes, &l.Slots[s.slot])
	switch {
	case !ok:
		return nil, nil
	case c.Value == nil:
		kind := byte(flacTypePadding)
		if s.last {
			kind |= flacLast
		}
		zeros := bytes.NewReader(make([]byte, s.size()))
		return []splice.Edit{{Offset: s.Offset, Delete: 1, Insert: bytes.NewReader([]byte{kind})}, {Offset: s.data(), Delete: s.size(), Insert: zeros}}, nil
	}
	edit := splice.Edit{Offset: s.data() + 4, Delete: s.size() - 4, Insert: bytes.NewReader(c.Value)}
	size, err := s.resize(growth(edit))
	return []splice.Edit{edit, size}, err
}

// absorb returns the edits that take n bytes from the padding, or give them to
// it. Where that does not do, the file grows, and by some padding more.
func (f *flacFile) absorb(n int64) []splice.Edit {
	p := f.padding
	switch {
	case n == 0 || p.Length == 0 && n < 0:
		return nil
	case p.Length == 0:
		block := bytes.NewReader(encodeFLACBlock(flacTypePadding|flacLast, make([]byte, flacPadding)))
		return []splice.Edit{
			{Offset: f.last.Offset, Delete: 1, Insert: bytes.NewReader([]byte{f.last.kind})},
			{Offset: f.last.end(), Insert: block},
		}
	case n > p.size() || n > 0 && !f.src.zeros(p.end()-n, n):
		n = min(p.size()-flacPadding, 0)
	}
	size, err := p.resize(-n)
	if err != nil || n == 0 {
		return nil
	}
	if n > 0 {
		return []splice.Edit{size, {Offset: p.end() - n, Delete: n}}
	}
	return []splice.Edit{size, {Offset: p.end(), Insert: bytes.NewReader(make([]byte, -n))}}
}
