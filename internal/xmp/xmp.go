// Package xmp reads and edits single properties of an XMP packet (ISO 16684-1)
// and keeps every other byte of it.
package xmp

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/aigclabel/aigclabel/internal/xmlscan"
)

const (
	maxDepth      = 64      // of elements
	maxBindings   = 128     // namespace declarations in scope
	maxProperties = 1 << 12 // of one packet
	maxItems      = 1 << 8  // of one array: editors let some grow without end

	rdfSpace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	xmlSpace = "http://www.w3.org/XML/1998/namespace"
)

// A Property is a simple value in a packet.
type Property struct {
	Space, Name string // namespace URI and local name
	Value       string // decoded
	Start, End  int    // the bytes of the packet that hold Value
	Encoding    string // "" when those bytes are Value as is, "xml" when escaped, "utf-16"
	Attribute   bool   // the value of an XML attribute, not the text of an element
	Item        bool   // one rdf:li of an array, or the rdf:value of a qualified one
}

// Properties returns the properties of all rdf:Description elements of the
// packet, in its order. A property that is an array gives one Property for each
// item, of the first 256; fields of structures are left out. Beside an error, a [*xmlscan.SyntaxError],
// [ErrEncoding] or [xmlscan.ErrLimit], stand the properties found before it. For a prefix
// that is not declared, they are all of them, with that prefix as Space.
//
// The values share one copy of the packet. A packet in UTF-16 is read as well;
// then Start and End are the whole packet.
func Properties(packet []byte) ([]Property, error) {
	s := string(packet)
	wide := isUTF16(s)
	if wide {
		s = decodeUTF16(packet)
	}
	p := parser{Scanner: xmlscan.Scanner{Doc: s}}
	err := p.parse()
	out := make([]Property, 0, len(p.nodes))
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.form == complexElement {
			continue
		}
		if wide {
			n.Start, n.End, n.Encoding = 0, len(packet), "utf-16"
		}
		out = append(out, n.Property)
	}
	return out, err
}

// ErrEncoding reports a packet that is not in an encoding that XMP allows, or
// one to edit that is not in UTF-8.
var ErrEncoding = errors.New("xmp: packet is not in UTF-8; save the file again with a program that writes its XMP in UTF-8")

// isUTF16 tells by the first character, which is "<" or a byte order mark.
func isUTF16(s string) bool {
	return len(s) >= 2 && (s[:2] == "\xFE\xFF" || s[:2] == "\xFF\xFE" || s[:2] == "\x00<" || s[:2] == "<\x00")
}

func decodeUTF16(b []byte) string {
	var order binary.ByteOrder = binary.BigEndian
	if b[0] == 0xFF || b[1] == 0 {
		order = binary.LittleEndian
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF")
}

type form int

const (
	literal        form = iota // <name>value</name>
	attributeValue             // name="value", or rdf:resource="value"
	emptyElement               // <name/>
	complexElement             // array, structure, qualified value
	arrayItem                  // in the complexElement before it
)

// A node is an occurrence of a property.
type node struct {
	Property
	form  form
	whole xmlscan.Span // the element, or the attribute and the white space before it
	qname string       // of an element, as written
	xmlns string       // the element's own declaration of its prefix, as written
}

// A place is an element that a new child can go into.
type place struct {
	tag    xmlscan.Span // the start tag
	qname  string
	empty  bool
	scope  []binding
	prefix string // bound to parser.space in scope
	exists bool
}

type binding struct{ prefix, uri string }

// parser finds the properties of a packet.
type parser struct {
	xmlscan.Scanner
	depth      int
	bindings   []binding
	nodes      []node
	contents   xmlscan.Span // of the element that children has read last
	undeclared error        // a *xmlscan.SyntaxError

	space       string       // the namespace that Set adds to
	rdf         place        // the first rdf:RDF
	description place        // the first rdf:Description, better one that knows space
	trailer     xmlscan.Span // the last <?xpacket end=...?> outside of elements
}

// parse reads the whole packet.
func (p *parser) parse() error {
	if strings.HasPrefix(p.Doc, "\x00") {
		return ErrEncoding
	}
	for {
		t, err := p.Next()
		switch {
		case err != nil:
			return err
		case t.Kind == xmlscan.EndOfInput:
			return p.undeclared
		case t.Kind == xmlscan.StartTag:
			err = p.wrapper(t)
		case t.Kind == xmlscan.EndTag:
			err = &xmlscan.SyntaxError{Offset: t.Start, Msg: "end tag without start"}
		case t.Kind == xmlscan.Instruction && strings.HasPrefix(p.Doc[t.Start:], "<?xpacket end="):
			p.trailer = t.Span
		}
		if err != nil {
			return err
		}
	}
}

// wrapper reads an element around rdf:RDF, or rdf:RDF itself.
func (p *parser) wrapper(t xmlscan.Token) error {
	return p.element(t, func(space, name string) error {
		if space != rdfSpace || name != "RDF" {
			return p.children(t, p.wrapper)
		}
		if !p.rdf.exists {
			p.rdf = p.place(t)
		}
		return p.children(t, p.subject)
	})
}

// subject reads a child of rdf:RDF. Its attributes and children are properties.
func (p *parser) subject(t xmlscan.Token) error {
	return p.element(t, func(space, name string) error {
		if space != rdfSpace || name != "Description" {
			return p.children(t, p.skip)
		}
		if !p.description.exists || p.description.prefix == "" && prefixOf(p.bindings, p.space) != "" {
			p.description = p.place(t)
		}
		for _, a := range t.Attrs {
			if err := p.attributeProperty(a); err != nil {
				return err
			}
		}
		return p.children(t, p.property)
	})
}

// skip reads an element of no interest.
func (p *parser) skip(t xmlscan.Token) error { return p.children(t, p.skip) }

// element calls read with the namespaces of t in scope.
func (p *parser) element(t xmlscan.Token, read func(space, name string) error) error {
	outer := len(p.bindings)
	for _, a := range t.Attrs {
		prefix, ok := strings.CutPrefix(a.Name, "xmlns")
		if !ok || prefix != "" && prefix[0] != ':' {
			continue
		}
		if prefix = strings.TrimPrefix(prefix, ":"); strings.Contains(prefix, ":") {
			continue // no prefix that a name can have
		}
		if len(p.bindings) == maxBindings {
			return xmlscan.ErrLimit
		}
		p.bindings = append(p.bindings, binding{prefix, p.value(a)})
	}
	space, name, ok := p.resolve(t.Name)
	p.declared(ok, t.Start)
	err := read(space, name)
	p.bindings = p.bindings[:outer]
	return err
}

// children calls read for each child element of t, until its end tag.
func (p *parser) children(t xmlscan.Token, read func(xmlscan.Token) error) error {
	p.contents = xmlscan.Span{Start: t.End, End: t.End}
	if t.Empty {
		return nil
	}
	if p.depth == maxDepth {
		return xmlscan.ErrLimit
	}
	p.depth++
	name, start := t.Name, t.End
	for {
		c, err := p.Next()
		switch {
		case err != nil:
			return err
		case c.Kind == xmlscan.EndOfInput:
			return &xmlscan.SyntaxError{Offset: p.Pos, Msg: "no end of " + name}
		case c.Kind == xmlscan.StartTag:
			err = read(c)
		case c.Kind == xmlscan.EndTag && c.Name != name:
			err = &xmlscan.SyntaxError{Offset: c.Start, Msg: "wrong end tag in " + name}
		case c.Kind == xmlscan.EndTag:
			p.depth--
			p.contents = xmlscan.Span{Start: start, End: c.Start}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser) place(t xmlscan.Token) place {
	return place{
		tag: t.Span, qname: t.Name, empty: t.Empty, exists: true,
		scope: slices.Clone(p.bindings), prefix: prefixOf(p.bindings, p.space),
	}
}

// prefixOf returns the prefix that is bound to space, "" for none.
func prefixOf(scope []binding, space string) string {
	for i := len(scope) - 1; i >= 0; i-- {
		b := scope[i]
		if b.uri == space && b.prefix != "" && lookup(scope, b.prefix) == space {
			return b.prefix
		}
	}
	return ""
}

// lookup returns the namespace that prefix is bound to, "" for none.
func lookup(scope []binding, prefix string) string {
	for i := len(scope) - 1; i >= 0; i-- {
		if scope[i].prefix == prefix {
			return scope[i].uri
		}
	}
	if prefix == "xml" {
		return xmlSpace
	}
	return ""
}

// declared notes the first undeclared prefix: an error, but one that need not
// hide what the rest of the packet says.
func (p *parser) declared(ok bool, offset int) {
	if !ok && p.undeclared == nil {
		p.undeclared = &xmlscan.SyntaxError{Offset: offset, Msg: "undeclared prefix"}
	}
}

// resolve returns the namespace and the local name of an element or attribute.
// An undeclared prefix stands for itself.
func (p *parser) resolve(qname string) (space, name string, ok bool) {
	prefix, name, qualified := strings.Cut(qname, ":")
	if !qualified {
		return lookup(p.bindings, ""), qname, true
	}
	if space = lookup(p.bindings, prefix); space == "" {
		return prefix, name, false
	}
	return space, name, true
}

func (p *parser) value(a xmlscan.Attribute) string {
	return xmlscan.AttributeValue(p.Doc[a.Value.Start:a.Value.End])
}

// attributeProperty adds an attribute of an rdf:Description, if it is a property.
func (p *parser) attributeProperty(a xmlscan.Attribute) error {
	if !strings.Contains(a.Name, ":") || strings.HasPrefix(a.Name, "xmlns:") {
		return nil
	}
	space, name, ok := p.resolve(a.Name)
	if p.declared(ok, a.Start); space == rdfSpace || space == xmlSpace {
		return nil
	}
	return p.add(node{
		Property: Property{Space: space, Name: name, Value: p.value(a), Start: a.Value.Start, End: a.Value.End, Attribute: true},
		form:     attributeValue,
		whole:    a.Span,
	})
}

// property adds a child element of an rdf:Description.
func (p *parser) property(t xmlscan.Token) error {
	return p.element(t, func(space, name string) error {
		n := node{Property: Property{Space: space, Name: name}, qname: t.Name}
		xmlns := "xmlns"
		if prefix, _, ok := strings.Cut(t.Name, ":"); ok {
			xmlns += ":" + prefix
		}
		for _, a := range t.Attrs {
			if s, local, ok := p.resolve(a.Name); ok && s == rdfSpace && local == "resource" {
				n.form, n.Attribute = attributeValue, true
				n.Value, n.Start, n.End = p.value(a), a.Value.Start, a.Value.End
			}
			if a.Name == xmlns {
				n.xmlns = p.Doc[a.Start:a.End]
			}
		}
		at := len(p.nodes)
		if err := p.add(n); err != nil {
			return err
		}
		err := p.children(t, func(c xmlscan.Token) error {
			p.nodes[at].form = complexElement
			return p.array(c, space, name)
		})
		if err != nil {
			p.nodes = slices.Delete(p.nodes, at, at+1)
			return err
		}
		p.finish(&p.nodes[at], t.Span, t.Empty)
		return nil
	})
}

// finish sets what is known at the end of a property element.
func (p *parser) finish(n *node, tag xmlscan.Span, empty bool) {
	n.whole = xmlscan.Span{Start: tag.Start, End: p.Pos}
	if n.form == literal {
		n.Start, n.End = p.contents.Start, p.contents.End
		n.Value = xmlscan.Content(p.Doc[n.Start:n.End])
		if empty {
			n.form = emptyElement
		}
	}
	n.encode(p.Doc)
}

// array reads the child of a property with one: rdf:Alt, rdf:Bag, rdf:Seq, or
// the rdf:value of a qualified value.
func (p *parser) array(t xmlscan.Token, space, name string) error {
	return p.element(t, func(s, local string) error {
		switch {
		case s != rdfSpace:
		case local == "value":
			return p.item(t, space, name)
		case local == "Alt" || local == "Bag" || local == "Seq" || local == "Description":
			items := 0
			return p.children(t, func(c xmlscan.Token) error {
				return p.element(c, func(s, local string) error {
					if s != rdfSpace || local != "li" && local != "value" || items == maxItems {
						return p.children(c, p.skip)
					}
					items++
					return p.item(c, space, name)
				})
			})
		}
		return p.children(t, p.skip)
	})
}

// item adds an element of an array, if its value is simple.
func (p *parser) item(t xmlscan.Token, space, name string) error {
	simple := true
	err := p.children(t, func(c xmlscan.Token) error {
		simple = false
		return p.skip(c)
	})
	if err != nil || !simple {
		return err
	}
	n := node{Property: Property{Space: space, Name: name, Item: true}, form: arrayItem}
	n.Start, n.End = p.contents.Start, p.contents.End
	n.Value = xmlscan.Content(p.Doc[n.Start:n.End])
	return p.add(n)
}

func (p *parser) add(n node) error {
	if len(p.nodes) == maxProperties {
		return xmlscan.ErrLimit
	}
	n.encode(p.Doc)
	p.nodes = append(p.nodes, n)
	return nil
}

// encode says how the packet holds the value.
func (n *node) encode(s string) {
	n.Encoding = ""
	if s[n.Start:n.End] != n.Value {
		n.Encoding = "xml"
	}
}
