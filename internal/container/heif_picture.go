package container

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A HEIFPicture says what an encoder has to keep of the picture in a HEIF or AVIF file, by
// the properties of its items (ISO/IEC 23008-12).
type HEIFPicture struct {
	Width, Height int    // as it is stored
	Orientation   int    // how it is turned to be shown, as in Exif: 1 to 8
	Depth         int    // bits of a channel
	Chroma        string // "420", "422", "444" or "400"
	Alpha         bool
	ICC           []byte // a profile, nil for none
	NCLX          *NCLX  // nil for none
	EXIF, XMP     []byte // nil for none

	// Else names what is in the file besides, and would be lost: "further pictures"... It
	// is "" for a file of one picture.
	Else string
}

// NCLX are the code points of colours (ISO/IEC 23091-2).
type NCLX struct {
	Primaries, Transfer, Matrix int
	FullRange                   bool
}

// A heifPictureWalk gathers what the properties and references say.
type heifPictureWalk struct {
	*HEIFPicture
	src        *Source
	meta       *heifMeta
	properties []bmffBox
	of         map[uint64][]int // the numbers of an item's properties
	kinds      map[uint64]string
	used       map[uint64]bool // items that belong to the picture
	angle      int             // quarter turns against the clock
	mirror     int             // axis, -1 for none
}

// ReadHEIFPicture reads the properties of the primary picture. The error is a
// *[FormatError], a *[LimitError], or that of a read.
func ReadHEIFPicture(src *Source) (*HEIFPicture, error) {
	walked, err := HEIF(src)
	if err != nil {
		return nil, err
	}
	f := walked.(*heifFile)
	switch l := walked.Summary(); {
	case l.Damage != nil:
		return nil, l.Damage
	case len(l.Limits) > 0:
		return nil, l.Limits[0]
	}
	p := &HEIFPicture{Orientation: 1, Depth: 8, Chroma: "420"}
	if f.pict == nil || f.moov != nil {
		p.Else = "a sequence of pictures"
		return p, nil
	}
	w := &heifPictureWalk{
		HEIFPicture: p, src: src, meta: f.pict, mirror: -1,
		of: map[uint64][]int{}, kinds: map[uint64]string{}, used: map[uint64]bool{f.pict.primary: true},
	}
	for _, read := range []func() error{w.readProperties, w.readAssociations, w.readItems, w.readReferences, w.readPrimary} {
		if err := read(); err != nil {
			return nil, heifPictureError(src, err)
		}
	}
	w.readSlots(walked.Summary().Slots)
	w.findElse()
	p.Orientation = heifOrientation(w.angle, w.mirror)
	if p.Width == 0 || p.Height == 0 {
		return nil, &FormatError{Offset: f.pict.offset, Err: errors.New("picture without a size")}
	}
	return p, nil
}

func heifPictureError(src *Source, err error) error {
	if errors.Is(err, errTruncated) {
		return &FormatError{Offset: src.Size(), Err: err}
	}
	return err
}

// heifOrientation returns the orientation of Exif for quarter turns against the clock, and
// then a mirror: 0 swaps top and bottom, 1 left and right, -1 is none.
func heifOrientation(angle, mirror int) int {
	return map[int][4]int{-1: {1, 8, 3, 6}, 0: {4, 5, 2, 7}, 1: {2, 7, 4, 5}}[mirror][angle&3]
}

// readProperties lists the boxes of ipco.
func (w *heifPictureWalk) readProperties() error {
	iprp := w.meta.parts["iprp"]
	if iprp == nil {
		return nil
	}
	for b, err := range iprp.boxes(w.src, 0) {
		if err != nil {
			return err
		}
		if b.kind != "ipco" || w.properties != nil {
			continue
		}
		for p, err := range b.boxes(w.src, 0) {
			if err != nil {
				return err
			}
			w.properties = append(w.properties, p)
		}
	}
	return nil
}

// readAssociations reads which items have which properties.
func (w *heifPictureWalk) readAssociations() error {
	iprp := w.meta.parts["iprp"]
	if iprp == nil {
		return nil
	}
	for b, err := range iprp.boxes(w.src, 0) {
		if err != nil {
			return err
		}
		if b.kind != "ipma" {
			continue
		}
		data, err := w.src.Bytes(b.body(), b.size-b.header, "ipma box")
		if err != nil {
			return err
		}
		r := &fields{data: data}
		wide, flags := r.uint(1) > 0, r.uint(3)
		for range r.uint(4) {
			id, n := r.id(wide), 1+int(flags&1)
			var numbers []int
			for range r.uint(1) {
				numbers = append(numbers, int(r.uint(n)&(1<<(8*n-1)-1)))
			}
			if r.short {
				return r.end(b)
			}
			if w.of[id] == nil { // an item has one entry; more would have no bound
				w.of[id] = numbers
			}
		}
	}
	return nil
}

// readItems notes the kinds of all items.
func (w *heifPictureWalk) readItems() error {
	for b, err := range w.meta.entries(w.src) {
		if err != nil {
			return err
		}
		r, err := b.fields(w.src, 16)
		if err != nil {
			return err
		}
		version := r.version()
		id := r.id(version > 2)
		r.skip(2)
		if version > 1 {
			w.kinds[id] = r.code()
		}
	}
	return nil
}

// readReferences notes the tiles, and the items that go with the picture. Thumbnails would show
// it without the notice, and are left out.
func (w *heifPictureWalk) readReferences() error {
	iref := w.meta.parts["iref"]
	if iref == nil {
		return nil
	}
	wide, err := iref.wide(w.src)
	if err != nil {
		return err
	}
	type reference struct {
		kind string
		from uint64
		to   []uint64
	}
	var all []reference
	for b, err := range iref.boxes(w.src, 4) {
		if err != nil {
			return err
		}
		data, err := w.src.Bytes(b.body(), b.size-b.header, "iref box")
		if err != nil {
			return err
		}
		r := &fields{data: data}
		ref := reference{kind: b.kind, from: r.id(wide)}
		for range r.uint(2) {
			ref.to = append(ref.to, r.id(wide))
			if r.short {
				return r.end(b)
			}
		}
		all = append(all, ref)
	}
	for range 2 { // what goes with an item, and then the tiles of that
		for _, ref := range all {
			toPicture := slices.ContainsFunc(ref.to, func(id uint64) bool { return w.used[id] })
			switch {
			case ref.kind == "dimg" && w.used[ref.from]:
				for _, id := range ref.to {
					w.used[id] = true
				}
			case ref.kind == "thmb" && toPicture, ref.kind == "cdsc" && toPicture:
				w.used[ref.from] = true
			case ref.kind == "auxl" && toPicture && w.isAlpha(ref.from):
				w.used[ref.from], w.Alpha = true, true
			case ref.kind == "prem":
				w.Else = "premultiplied alpha"
			}
		}
	}
	return nil
}

// property calls visit for each property of an item.
func (w *heifPictureWalk) property(id uint64, visit func(b bmffBox, data []byte) error) error {
	for _, n := range w.of[id] {
		if n < 1 || n > len(w.properties) {
			continue
		}
		b := w.properties[n-1]
		data, err := w.src.Bytes(b.body(), b.size-b.header, printable(b.kind)+" box")
		if err != nil {
			return err
		}
		if err := visit(b, data); err != nil {
			return err
		}
	}
	return nil
}

// isAlpha reports whether an auxiliary picture is an alpha plane.
func (w *heifPictureWalk) isAlpha(id uint64) (alpha bool) {
	_ = w.property(id, func(b bmffBox, data []byte) error { // a picture that cannot be read is none
		name, _, _ := strings.Cut(string(data[min(4, len(data)):]), "\x00")
		alpha = alpha || b.kind == "auxC" && (name == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" || name == "urn:mpeg:hevc:2015:auxid:1")
		return nil
	})
	return alpha
}

// readPrimary takes the properties of the picture; how it is coded is a property of its
// tiles.
func (w *heifPictureWalk) readPrimary() error {
	codec := w.codec()
	for id := range w.used {
		if id != w.meta.primary && w.kinds[id] == codec && !w.isAlpha(id) {
			if err := w.property(id, w.coding); err != nil {
				return err
			}
			break
		}
	}
	return w.property(w.meta.primary, func(b bmffBox, data []byte) error {
		r := &fields{data: data}
		switch b.kind {
		case "ispe":
			r.skip(4)
			w.Width, w.Height = int(min(r.uint(4), 1<<30)), int(min(r.uint(4), 1<<30))
		case "irot":
			w.angle = int(r.uint(1) & 3)
		case "imir":
			w.mirror = int(r.uint(1) & 1)
		case "colr":
			w.color(data)
		case "hvcC", "av1C":
			return w.coding(b, data)
		case "pixi", "a1lx", "lsel":
		case "pasp":
			if h, v := r.uint(4), r.uint(4); h != v {
				w.Else = "pixels that are not square"
			}
		default:
			w.Else = "the property " + printable(b.kind)
		}
		return nil
	})
}

// codec returns the kind of coded items.
func (w *heifPictureWalk) codec() string {
	for _, kind := range w.kinds {
		if kind == "av01" {
			return kind
		}
	}
	return "hvc1"
}

// coding reads the depth and the sampling from a decoder configuration.
func (w *heifPictureWalk) coding(b bmffBox, data []byte) error {
	switch {
	case b.kind == "hvcC" && len(data) > 17:
		w.Chroma = []string{"400", "420", "422", "444"}[data[16]&3]
		w.Depth = int(data[17]&7) + 8
	case b.kind == "av1C" && len(data) > 2:
		w.Chroma = map[byte]string{0x00: "444", 0x08: "422", 0x0C: "420"}[data[2]&0x0C]
		if data[2]&0x10 != 0 {
			w.Chroma = "400"
		}
		w.Depth = map[byte]int{0x00: 8, 0x40: 10, 0x60: 12}[data[2]&0x60]
	}
	return nil
}

// color reads a colr property.
func (w *heifPictureWalk) color(data []byte) {
	r := &fields{data: data}
	switch kind := r.code(); kind {
	case "prof", "rICC":
		w.ICC = bytes.Clone(data[r.pos:])
	case "nclx":
		n := &NCLX{Primaries: int(r.uint(2)), Transfer: int(r.uint(2)), Matrix: int(r.uint(2)), FullRange: r.uint(1)&0x80 != 0}
		if !r.short {
			w.NCLX = n
		}
	}
}

// readSlots takes the metadata.
func (w *heifPictureWalk) readSlots(slots []Slot) {
	for _, s := range slots {
		switch {
		case s.Kind == EXIF && s.Guide:
			w.EXIF = s.Value
		case s.Kind == XMP && s.Guide:
			w.XMP = s.Value
		case s.Kind == C2PA:
			w.Else = "Content Credentials"
		default:
			w.Else = "metadata in " + s.Place
		}
	}
}

// findElse names items that do not belong to the picture.
func (w *heifPictureWalk) findElse() {
	for id, kind := range w.kinds {
		switch {
		case w.Else != "":
			return
		case kind == "Exif" && len(w.EXIF) > 0, kind == "mime" && len(w.XMP) > 0:
		case w.used[id] && (kind == "hvc1" || kind == "av01" || kind == "grid"):
		case w.used[id]:
			w.Else = "an item of the kind " + printable(kind)
		default:
			w.Else = fmt.Sprintf("further pictures or maps (item %d)", id)
		}
	}
}

// UprightEXIF returns the block with another orientation: as it is. It has the same length.
func UprightEXIF(block []byte) []byte {
	b := parseEXIF(block)
	if b == nil || len(b.directories) == 0 || EXIFOrientation(block) == 1 {
		return block
	}
	out := slices.Clone(block)
	for _, e := range b.directories[0].entries {
		if e.tag == tagOrientation && e.length >= 2 {
			b.order.PutUint16(out[e.offset:], 1)
		}
	}
	return out
}
