package xmp

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

// ErrNoRDF reports a packet to edit that has no rdf:RDF element.
var ErrNoRDF = errors.New("xmp: packet has no rdf:RDF")

// ErrValue reports a value that XML cannot hold: a control character, or bytes
// that are not UTF-8.
var ErrValue = errors.New("xmp: value is not XML text")

// New returns a packet without properties: UTF-8, writable, without padding.
func New() []byte {
	return []byte("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/">` + "\n" +
		`<rdf:RDF xmlns:rdf="` + rdfSpace + `">` + "\n</rdf:RDF>\n</x:xmpmeta>\n" +
		`<?xpacket end="w"?>`)
}

// An edit replaces bytes of a packet.
type edit struct {
	xmlscan.Span
	insert string
}

// Set returns the packet with value as the property's only value. It replaces
// the first occurrence where it stands and removes the others; a new property
// goes into the first rdf:Description that knows the namespace, else the first
// one, else a new one. The prefix is the one in scope for the namespace, else
// the one asked for, with a number if it is taken. An equal value returns
// packet itself, a blank packet counts as [New].
//
// A writable packet with padding keeps its length where the padding suffices,
// and gets it back when it shrinks; one without padding gets none.
//
// The errors are those of [Properties], [ErrNoRDF], [ErrValue], and
// [ErrEncoding] for UTF-16.
func Set(packet []byte, space, prefix, name, value string) ([]byte, error) {
	if !xmlscan.IsText(value) {
		return nil, ErrValue
	}
	if strings.Trim(string(packet), "\x00\uFEFF"+xmlscan.Whitespace) == "" {
		packet = New()
	}
	p, found, err := find(packet, space, name)
	if err != nil {
		return nil, err
	}
	var edits []edit
	switch {
	case len(found) == 0:
		if edits, err = p.insertion(prefix, name, value); err != nil {
			return nil, err
		}
	case len(found) == 1 && found[0].form != complexElement && found[0].Value == value:
		return packet, nil
	default:
		if found[0].form == complexElement || found[0].Value != value {
			edits = append(edits, replacement(found[0], value))
		}
		edits = append(edits, removals(p.Doc, found[1:])...)
	}
	return p.apply(edits), nil
}

// Remove returns the packet without the property, or packet itself if it has
// none. Errors and padding are as for [Set].
func Remove(packet []byte, space, name string) ([]byte, error) {
	p, found, err := find(packet, space, name)
	if err != nil || len(found) == 0 {
		return packet, err
	}
	return p.apply(removals(p.Doc, found)), nil
}

// find parses packet and returns the occurrences of a property.
func find(packet []byte, space, name string) (*parser, []node, error) {
	p := &parser{Scanner: xmlscan.Scanner{Doc: string(packet)}, space: space}
	if isUTF16(p.Doc) {
		return nil, nil, ErrEncoding
	}
	if err := p.parse(); err != nil {
		return nil, nil, err
	}
	found := slices.DeleteFunc(p.nodes, func(n node) bool {
		return n.Space != space || n.Name != name || n.form == arrayItem
	})
	return p, found, nil
}

// replacement puts a value in the place of n.
func replacement(n node, value string) edit {
	switch n.form {
	case attributeValue:
		return edit{xmlscan.Span{Start: n.Start, End: n.End}, escapeAttribute(value)}
	case literal:
		return edit{xmlscan.Span{Start: n.Start, End: n.End}, escape(value)}
	case emptyElement: // the end of the start tag is "/>"
		return edit{xmlscan.Span{Start: n.whole.End - 2, End: n.whole.End}, ">" + escape(value) + "</" + n.qname + ">"}
	}
	return edit{n.whole, "<" + n.qname + n.xmlns + ">" + escape(value) + "</" + n.qname + ">"}
}

// removals deletes nodes, each with the white space before it.
func removals(s string, nodes []node) []edit {
	var edits []edit
	for _, n := range nodes {
		start := n.whole.Start
		if n.qname != "" {
			start = len(strings.TrimRight(s[:start], xmlscan.Whitespace))
		}
		edits = append(edits, edit{Span: xmlscan.Span{Start: start, End: n.whole.End}})
	}
	return edits
}

// insertion adds a new property.
func (p *parser) insertion(prefix, name, value string) ([]edit, error) {
	switch {
	case p.description.exists:
		return p.description.insert(p.Doc, p.space, prefix, name, value), nil
	case !p.rdf.exists:
		return nil, ErrNoRDF
	}
	rdf, _, ok := strings.Cut(p.rdf.qname, ":")
	open := rdf + ":Description "
	if !ok {
		rdf = freePrefix(p.rdf.scope, "rdf", rdfSpace)
		open = rdf + ":Description xmlns:" + rdf + `="` + rdfSpace + `" `
	}
	prefix = freePrefix(p.rdf.scope, prefix, p.space)
	element := "<" + open + rdf + `:about="" xmlns:` + prefix + `="` + escapeAttribute(p.space) + `">` +
		"<" + prefix + ":" + name + ">" + escape(value) + "</" + prefix + ":" + name + ">" +
		"</" + rdf + ":Description>"
	return p.rdf.child(p.Doc, "", element), nil
}

// insert adds a property element to an rdf:Description.
func (d place) insert(s, space, prefix, name, value string) []edit {
	declare := ""
	if d.prefix != "" {
		prefix = d.prefix
	} else {
		prefix = freePrefix(d.scope, prefix, space)
		declare = " xmlns:" + prefix + `="` + escapeAttribute(space) + `"`
	}
	return d.child(s, declare, "<"+prefix+":"+name+">"+escape(value)+"</"+prefix+":"+name+">")
}

// child puts attributes at the end of the start tag and element after it,
// indented as the first child is.
func (d place) child(s, attributes, element string) []edit {
	if d.empty {
		return []edit{{xmlscan.Span{Start: d.tag.End - 2, End: d.tag.End}, attributes + ">" + element + "</" + d.qname + ">"}}
	}
	indent := s[d.tag.End : len(s)-len(strings.TrimLeft(s[d.tag.End:], xmlscan.Whitespace))]
	if len(indent) > maxIndent {
		indent = ""
	}
	return []edit{
		{xmlscan.Span{Start: d.tag.End - 1, End: d.tag.End - 1}, attributes},
		{xmlscan.Span{Start: d.tag.End, End: d.tag.End}, indent + element},
	}
}

// maxIndent is the longest white space taken for indentation.
const maxIndent = 64

// freePrefix returns prefix, or prefix with a number when it is bound to
// another namespace in scope.
func freePrefix(scope []binding, prefix, space string) string {
	free := prefix
	for i := 1; ; i++ {
		if uri := lookup(scope, free); uri == "" || uri == space {
			return free
		}
		free = prefix + strconv.Itoa(i)
	}
}

// apply makes the edits, which are in order, and balances them in the padding.
func (p *parser) apply(edits []edit) []byte {
	growth := 0
	for _, e := range edits {
		growth += len(e.insert) - (e.End - e.Start)
	}
	if pad, ok := p.padding(growth); ok && pad.Start >= edits[len(edits)-1].End {
		edits = append(edits, pad)
	}
	out := make([]byte, 0, len(p.Doc)+max(growth, 0))
	pos := 0
	for _, e := range edits {
		out = append(append(out, p.Doc[pos:e.Start]...), e.insert...)
		pos = e.End
	}
	return append(out, p.Doc[pos:]...)
}

// padding returns the edit that takes growth from the padding, the white space
// before the trailer of a writable packet. The first and the last byte stay:
// they are line breaks.
func (p *parser) padding(growth int) (edit, bool) {
	trailer := p.Doc[p.trailer.Start:p.trailer.End]
	end := len(strings.TrimRight(p.Doc[:p.trailer.Start], xmlscan.Whitespace))
	length := p.trailer.Start - end
	if !strings.Contains(trailer, "w") || length <= 2 || growth > length-2 {
		return edit{}, false
	}
	last := p.trailer.Start - 1
	if growth >= 0 {
		return edit{Span: xmlscan.Span{Start: last - growth, End: last}}, true
	}
	return edit{xmlscan.Span{Start: last, End: last}, strings.Repeat(" ", -growth)}, true
}

// Compact returns the packet without padding, or packet itself if it has none.
// A packet that cannot be parsed is returned as it is.
func Compact(packet []byte) []byte {
	p := &parser{Scanner: xmlscan.Scanner{Doc: string(packet)}}
	if p.parse() != nil {
		return packet
	}
	end := len(strings.TrimRight(p.Doc[:p.trailer.Start], xmlscan.Whitespace))
	if p.trailer.Start-end <= 1 {
		return packet
	}
	return slices.Concat(packet[:end+1], packet[p.trailer.Start:])
}

var (
	elementEscapes   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")
	attributeEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;",
		"\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")
)

func escape(s string) string          { return elementEscapes.Replace(s) }
func escapeAttribute(s string) string { return attributeEscapes.Replace(s) }
