package container

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/aigclabel/aigclabel/internal/splice"
)

// BMFFWithTags returns the edits of an MP4 file that give it the tags of another one:
// all that is in moov.udta and moov.meta, byte for byte, but for the chapters, which it
// keeps, and for the number of samples that iTunes writes down, which no longer holds.
func BMFFWithTags(src, tags *Source) (*splice.Plan, error) {
	file, err := BMFF(src)
	if err = cmp.Or(err, file.Summary().Damage); err != nil {
		return nil, err
	}
	other, err := BMFF(tags)
	if err = cmp.Or(err, other.Summary().Damage); err != nil {
		return nil, err
	}
	f, from := file.(*bmffFile), other.(*bmffFile)
	if f.moov == nil || from.moov == nil {
		return nil, &FormatError{Err: errTruncated}
	}
	user, err := from.children(from.udta, func(kind string) bool { return kind != "chpl" })
	if err != nil {
		return nil, err
	}
	chapters, err := f.children(f.udta, func(kind string) bool { return kind == "chpl" })
	if err != nil {
		return nil, err
	}
	meta, err := from.children(from.moov, func(kind string) bool { return kind == "meta" })
	if err != nil {
		return nil, err
	}
	user = append(withoutGap(user), chapters...)
	return f.plan(func() (*bmffPlan, error) {
		p := &bmffPlan{src: f.src.afresh(), grown: map[int64]bmffGrowth{}}
		if f.udta != nil {
			p.replace(f.udta, f.udta.body(), f.udta.size-f.udta.header, bytes.NewReader(user))
		} else if len(user) > 0 {
			p.put(f.moov, f.moov.last, bmffEncode("udta", user))
		}
		p.put(f.moov, f.moov.last, meta)
		return p, nil
	})
}

// children returns the child boxes of some kinds.
func (f *bmffFile) children(of *bmffBox, wanted func(kind string) bool) (all []byte, err error) {
	if of == nil {
		return nil, nil
	}
	for b, err := range bmffBoxes(f.src, of, of.body(), of.end()) {
		if err != nil {
			return nil, err
		}
		if !wanted(b.kind) {
			continue
		}
		data, err := f.src.Bytes(b.offset, b.size, printable(b.kind)+" box")
		if err != nil {
			return nil, err
		}
		all = append(all, data...)
	}
	return slices.Clone(all), nil
}

// withoutGap blanks the name of the freeform item in which iTunes keeps how many samples
// a file has, so that no player cuts what is longer now.
func withoutGap(user []byte) []byte {
	return bytes.ReplaceAll(user, []byte("iTunSMPB"), []byte("iTunSMP-"))
}
