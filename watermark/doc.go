// Package watermark puts a payload of 64 or 128 bits into the pixels of a picture, where
// nobody sees it, and reads it back from what is left of the picture after it was
// compressed, scaled, cropped, turned or shown at an angle. Metadata is gone after the first
// screenshot; a watermark still tells which picture this was.
//
//	k := watermark.OpenKey // anybody can read it
//	p, err := watermark.NewPayload(number[:8])
//	marked, err := watermark.EmbedImage(m, p, k, nil)
//	...
//	for _, d := range watermark.DetectImage(other, k).Found {
//		fmt.Println(d.Payload, d.Probability)
//	}
//
// # What survives
//
// Detection needs neither the unmarked picture nor a word about what was done to it. It
// finds the payload after JPEG or WebP of the qualities in use, scaling, crops down to a
// quarter of the area, any turn, mirroring, other proportions, a tilted view, noise,
// blur, sharpening, changes of brightness, contrast and colour, overlays, and several of these one
// after the other. Pictures with much detail survive more than flat ones, large ones more
// than small ones. The package's TestRobustness measures it on photographs of one's own.
//
// What does not survive: crops to less than a tenth of the area, and often that of small
// pictures; JPEG below quality 20 or so; a blur that leaves no detail; graphics with large
// empty areas, compressed; pictures that a generative model has drawn anew, be it only to make them larger or
// cleaner; and somebody who means to remove it and has the key, or marked and
// unmarked versions of many pictures. A watermark that is not there proves nothing.
//
// # What a detection proves
//
// A message has 48 check bits that only the key can make. Each payload that detection
// tries in vain has a chance of 2^-48 to look right, and [Detection] states the
// probability for all that were tried: less than 10^-10 for each key. Whoever has the key can
// put any payload into any picture, and whoever has a marked picture can carry its watermark
// over to another with some skill: a payload is a number to look a record up by, not a signature.
//
// # Keys
//
// A [Key] decides where a watermark is and which one is valid. One that is kept secret makes
// watermarks that only its owner can find and remove; [OpenKey] is published so that
// everybody can read them. A picture can hold watermarks of several keys. Keys for many
// purposes come from one secret with [DeriveKey].
//
// # How it works
//
// The watermark is a sum of waves that fit into a tile of a picture scaled to a common size,
// repeated all over it, so that parts of the picture, too, have all of it (Kutter 1998); it
// is found by peaks in the spectrum (Pereira and Pun 2000). Payload and checks, in a polar
// code, are in the phases of the waves. What is added is as strong in each place as detail
// hides it (Cox et al. 1997), and takes a part of what the picture itself has of these
// waves away (Malvar and Florencio 2003).
//
// Keys and payloads are values; all functions can be called from many goroutines.
package watermark
