package container

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
)

// What of a picture is content: its data, and what says how to show it.

// pngMedia yields the chunks that say what a picture looks like (PNG 3rd edition, clause
// 11): all critical ones, colours, transparency and animation.
func pngMedia(src *Source, yield func(...Range) bool) error {
	for c, err := range PNGChunks(src) {
		if err != nil {
			return err
		}
		critical := c.Kind[0]&0x20 == 0
		switch c.Kind {
		case "tRNS", "cICP", "iCCP", "sRGB", "gAMA", "cHRM", "sBIT", "acTL", "fcTL", "fdAT":
			critical = true
		}
		if critical && !yield(c.Range) {
			return nil
		}
	}
	return nil
}

// jpegICC starts a piece of a colour profile (ICC.1, B.4).
const jpegICC = "ICC_PROFILE\x00"

// jpegMedia yields the tables, the frame header, colour profile and Adobe's colour
// transform, and all from the first scan to the end of the file: also further pictures
// and videos that follow.
func jpegMedia(src *Source, yield func(...Range) bool) error {
	f := &jpegFile{src: src}
	for pos := int64(2); ; {
		s, err := f.segment(pos)
		if err != nil {
			return err
		}
		pos = s.end
		switch {
		case s.marker == markerSOS:
			yield(Range{s.offset, src.Size() - s.offset})
			return nil
		case s.marker == markerEOI:
			return nil
		case s.marker == markerAPP2:
			h, err := src.Peek(s.payload(), int(min(int64(len(jpegICC)), s.end-s.payload())))
			if err != nil {
				return err
			}
			if string(h) != jpegICC {
				continue
			}
		case s.marker == markerCOM, s.marker >= markerAPP0 && s.marker <= markerAPP15 && s.marker != markerAPP14:
			continue
		}
		if !yield(Range{s.offset, s.end - s.offset}) {
			return nil
		}
	}
}

// webpMedia yields the chunks of the image. Of VP8X, which a simple file has not, it is
// the canvas of an animation that counts.
func webpMedia(src *Source, yield func(...Range) bool) error {
	return eachChunk(src, func(c riffChunk) error {
		switch c.id {
		case "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP":
			yield(Range{c.offset, chunkOverhead + c.size})
		case "VP8X":
			h, err := src.Peek(c.data(), int(min(c.size, vp8xSize)))
			if err != nil || len(h) < vp8xSize || h[0]&vp8xAnimation == 0 {
				return err
			}
			yield(Range{c.data() + 4, vp8xSize - 4})
		}
		return nil
	})
}

// gifMedia yields the screen descriptor, images, their control extensions and texts,
// and the extensions that say how often an animation plays.
func gifMedia(src *Source, yield func(...Range) bool) error {
	f := &gifFile{src: src}
	h, err := src.Peek(0, gifHeaderSize)
	if err != nil {
		return err
	}
	pos := gifHeaderSize + colorTable(h[10])
	yield(Range{6, pos - 6}) // behind the version, which a record changes
	for {
		kind, err := f.byte(pos)
		if err != nil || kind == gifTrailer {
			return err
		}
		next, content, err := f.mediaBlock(kind, pos)
		if err != nil {
			return err
		}
		if content && !yield(Range{pos, next - pos}) {
			return nil
		}
		pos = next
	}
}

// mediaBlock returns where the block at pos ends, and whether it is content.
func (f *gifFile) mediaBlock(kind byte, pos int64) (next int64, content bool, err error) {
	switch kind {
	case gifImage:
		flags, err := f.byte(pos + gifImageSize - 1)
		if err != nil {
			return 0, false, err
		}
		next, _, err = f.skip(pos + gifImageSize + colorTable(flags) + 1)
		return next, true, err
	case gifExtension:
		label, err := f.byte(pos + 1)
		if err != nil {
			return 0, false, err
		}
		if next, _, err = f.skip(pos + 2); err != nil || label != gifApp {
			return next, label != gifComment, err
		}
		h, err := f.src.Peek(pos+3, int(min(gifAppSize, next-pos-3)))
		return next, string(h) == "NETSCAPE2.0" || string(h) == "ANIMEXTS1.0", err
	case 0:
		return pos + 1, false, f.src.Element()
	}
	return 0, false, &FormatError{Offset: pos, Err: errors.New("no GIF block")}
}

// isTIFFPicture reports whether a field says what a picture looks like (TIFF 6.0 with its
// supplements, DNG 1.7). Offsets do not: the data that they point to counts.
func isTIFFPicture(tag uint16) bool {
	switch tag {
	case 269, 270, 271, 272, 282, 283, 285, 296, 297, 305, 306, 315, 316, // texts, resolution, page numbers
		288, 289, // free space
		tagStripOffsets, tagTileOffsets, tagSubIFDs, tagJPEGOffset,
		519, 520, 521: // tables of old JPEG, by offset
		return false
	case 347, 33421, 33422, 34675: // JPEG tables, colour filter, ICC profile
		return true
	}
	return tag >= 254 && tag <= 339 || tag >= 512 && tag <= 532 || tag >= 50710 && tag <= 50739
}

// tiffMediaParts yields of each directory of pictures the fields that say what they look
// like, and the strips, tiles and JPEG streams.
func tiffMediaParts(src *Source, yield func(...Range) bool) error {
	file, err := TIFF(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*tiffFile)
	for i := range f.directories {
		d := &f.directories[i]
		if d.name == "Exif" {
			continue
		}
		fields := map[uint16]ifdEntry{}
		for e := range f.entriesOf(d) {
			fields[e.tag] = e
			// tag, type and count, then the value
			if isTIFFPicture(e.tag) && !yield(Range{e.at, 4 + f.width()}, Range{e.offset, e.length}) {
				return nil
			}
		}
		for _, offsets := range []uint16{tagStripOffsets, tagTileOffsets, tagJPEGOffset} {
			if err := f.strips(fields[offsets], fields[tiffMedia[offsets]], yield); err != nil {
				return err
			}
		}
	}
	return nil
}

// strips yields what offsets and counts name.
func (f *tiffFile) strips(offsets, counts ifdEntry, yield func(...Range) bool) error {
	wide, size := tiffTypeSize(offsets.typ), tiffTypeSize(counts.typ)
	if wide < 2 || size < 2 {
		return nil
	}
	for i := range min(offsets.length/wide, counts.length/size) {
		if err := f.src.Element(); err != nil {
			return err
		}
		at, err := f.number(offsets.offset+i*wide, wide)
		if err != nil {
			return err
		}
		n, err := f.number(counts.offset+i*size, size)
		if err != nil || !yield(Range{at, n}) {
			return err
		}
	}
	return nil
}

// heifMedia yields the properties, the entries of items that are no metadata, how they
// are put together, and their data. Sequences do not tell: their samples and an XMP item
// share a box.
func heifMedia(src *Source, yield func(...Range) bool) error {
	file, err := HEIF(src)
	if err = cmp.Or(err, file.Summary().whole()); err != nil {
		return err
	}
	f := file.(*heifFile)
	if f.pict == nil || f.moov != nil {
		return ErrNoMedia
	}
	m := f.pict
	for _, kind := range []string{"pitm", "iprp"} {
		if b := m.parts[kind]; b != nil && !yield(Range{b.offset, b.size}) {
			return nil
		}
	}
	if err := m.mediaEntries(src, yield); err != nil {
		return err
	}
	return m.mediaData(src, yield)
}

// isMetadata reports whether an item holds Exif or XMP.
func (m *heifMeta) isMetadata(id uint64) bool { return m.byID[id] != nil && m.byID[id].kind != 0 }

// mediaEntries yields the entries of iinf and of iref that are no metadata's.
func (m *heifMeta) mediaEntries(src *Source, yield func(...Range) bool) error {
	for b, err := range m.entries(src) {
		if err != nil {
			return err
		}
		id, err := b.itemID(src)
		if err != nil {
			return err
		}
		if !m.isMetadata(id) && !yield(Range{b.offset, b.size}) {
			return nil
		}
	}
	iref := m.parts["iref"]
	if iref == nil {
		return nil
	}
	for b, err := range iref.boxes(src, 4) {
		if err != nil {
			return err
		}
		if b.kind != "cdsc" && !yield(Range{b.offset, b.size}) { // cdsc is from metadata to what it describes
			return nil
		}
	}
	return nil
}

// mediaData yields the data of the items that are no metadata, by their numbers.
func (m *heifMeta) mediaData(src *Source, yield func(...Range) bool) error {
	box := m.parts["iloc"]
	if box == nil {
		return ErrNoMedia
	}
	r, l, err := readILOC(src, *box)
	if err != nil {
		return err
	}
	type data struct {
		id     uint64
		ranges []Range
	}
	var items []data
	for n := l.count; n > 0 && !r.short; n-- {
		it := l.item(r)
		d := data{id: it.id}
		for range l.present(it) {
			e := l.extent(r)
			if err := src.Element(); err != nil {
				return err
			}
			if at, ok := m.extent(src, it, e); ok && it.known() && it.construction() != fromItem {
				d.ranges = append(d.ranges, at)
			}
		}
		if !m.isMetadata(it.id) && len(d.ranges) > 0 {
			items = append(items, d)
		}
	}
	slices.SortStableFunc(items, func(a, b data) int { return cmp.Compare(a.id, b.id) })
	for _, d := range items {
		if !yield(d.ranges...) {
			return nil
		}
	}
	return r.end(*box)
}

// jxlMedia yields the codestream, whole or in parts. A bare one is what a record puts in a box.
func jxlMedia(src *Source, yield func(...Range) bool) error {
	head, err := src.Head(len(jxlBare))
	if err != nil {
		return err
	}
	if bytes.Equal(head, []byte(jxlBare)) {
		yield(Range{0, src.Size()})
		return nil
	}
	return rootMedia(src, yield, "jxlc", "jxlp")
}

// jp2Media yields the image header and the codestreams.
func jp2Media(src *Source, yield func(...Range) bool) error {
	return rootMedia(src, yield, "jp2h", "jp2c")
}

// rootMedia yields the bodies of boxes of the root.
func rootMedia(src *Source, yield func(...Range) bool, kinds ...string) error {
	for b, err := range bmffBoxes(src, nil, 0, src.Size()) {
		if err != nil {
			return err
		}
		if slices.Contains(kinds, b.kind) && !yield(Range{b.body(), b.size - b.header}) {
			return nil
		}
	}
	return nil
}

// riffMedia yields the bodies of chunks of a RIFF or FORM file.
func riffMedia(kinds ...string) mediaWalk {
	return func(src *Source, yield func(...Range) bool) error {
		return eachChunk(src, func(c riffChunk) error {
			if slices.Contains(kinds, c.id) {
				yield(Range{c.data(), c.size})
			}
			return nil
		})
	}
}

// eachChunk visits the chunks of a RIFF or FORM file that is whole.
func eachChunk(src *Source, visit func(riffChunk) error) error {
	var l Layout
	r, err := l.readRIFF(src)
	if err != nil {
		return err
	}
	return cmp.Or(r.chunks(&l, riffHeaderSize, r.end, visit), l.whole())
}
