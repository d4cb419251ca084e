package metadata

import (
	"slices"
	"time"

	"github.com/aigclabel/aigclabel/internal/container"
	"github.com/aigclabel/aigclabel/internal/xmp"
)

// XMP namespaces of what a disclosure says.
const (
	spaceIPTC      = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
	spacePhotoshop = "http://ns.adobe.com/photoshop/1.0/"
)

// The properties of a disclosure (IPTC Photo Metadata Standard 2025.1).
const (
	propSourceType    = "DigitalSourceType"
	propSystem        = "AISystemUsed"
	propSystemVersion = "AISystemVersionUsed"
	propGUID          = "DigImageGUID"
	propCredit        = "Credit"
	propCreated       = "DateCreated"
)

// A Disclosure is what the XMP of a file says of its making, "" where it does not, in the
// properties that [WriteOptions].Disclosure writes.
type Disclosure struct {
	Provider string // photoshop:Credit
	System   System // Iptc4xmpExt:AISystemUsed and AISystemVersionUsed
	Created  string // photoshop:DateCreated, an ISO 8601 date
	ID       string // Iptc4xmpExt:DigImageGUID
}

// Disclosure returns what the file says of its making.
func (r *Reading) Disclosure() Disclosure {
	return Disclosure{
		Provider: r.property(spacePhotoshop, propCredit),
		System:   System{r.property(spaceIPTC, propSystem), r.property(spaceIPTC, propSystemVersion)},
		Created:  r.property(spacePhotoshop, propCreated),
		ID:       r.property(spaceIPTC, propGUID),
	}
}

// property returns the first value of a property of XMP.
func (r *Reading) property(space, name string) string {
	for _, s := range r.Sites {
		if s.prop.Space == space && s.prop.Name == name {
			return s.Value
		}
	}
	for _, t := range r.Texts {
		if t.Space == space && t.Key == name {
			return t.Value
		}
	}
	return ""
}

// A disclosed is a property that goes beside Label 1.
type disclosed struct{ space, prefix, name, value string }

// disclosure returns what XMP says of the content that rec calls generated.
func (o *WriteOptions) disclosure(rec Record) []disclosed {
	iptc := func(name, value string) disclosed { return disclosed{spaceIPTC, "Iptc4xmpExt", name, value} }
	all := []disclosed{
		iptc(propSourceType, trainedAlgorithmicMedia), iptc(propSystem, o.System.Name), iptc(propSystemVersion, o.System.Version),
	}
	if o.Disclosure {
		all = append(all, iptc(propGUID, rec.ProduceID), disclosed{spacePhotoshop, "photoshop", propCredit, rec.ContentProducer},
			disclosed{spacePhotoshop, "photoshop", propCreated, o.created()})
	}
	return slices.DeleteFunc(all, func(d disclosed) bool { return d.value == "" })
}

// created returns when the content was made, as XMP writes it.
func (o *WriteOptions) created() string {
	if o.Created.IsZero() {
		return ""
	}
	return o.Created.UTC().Format(time.RFC3339)
}

// putSourceType says in the words of IPTC what Label 1 says, where the file says
// nothing itself.
func (e *editor) putSourceType(rec Record) (string, error) {
	if rec.Label != Generated || e.opts.OmitSourceType || !e.wantsXMP() {
		return "", nil
	}
	for _, d := range e.opts.disclosure(rec) {
		if e.reading.property(d.space, d.name) != "" {
			continue
		}
		if err := e.setProperty(d.space, d.prefix, d.name, d.value); err != nil {
			return "", err
		}
	}
	return trainedAlgorithmicMedia, nil
}

// wantsXMP reports whether the file has XMP, or gets it: for its record, or because a
// disclosure is asked for and it can.
func (e *editor) wantsXMP() bool {
	if e.guideSlot(container.XMP) != nil || e.reading.Format.place == inXMP {
		return true
	}
	if !e.opts.Disclosure {
		return false
	}
	_, err := e.reading.file.Plan([]container.Change{{Kind: container.XMP, Value: xmp.New()}})
	return err == nil
}
