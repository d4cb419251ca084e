package label_test

import (
	"fmt"
	"image"
	"log"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

// A player lays the picture over the content, a chat shows the text beside it.
func ExampleNotice_Image() {
	notice := label.Notice{Language: "en", Corner: label.TopRight}
	overlay, err := notice.Image(metadata.Generated, image.Pt(1280, 720))
	if err != nil {
		log.Fatal(err)
	}
	lines, err := notice.Lines(metadata.Generated)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(overlay.Bounds(), overlay.NRGBAAt(0, 0).A, lines)
	// Output: (0,0)-(1280,720) 0 [This content is AI-generated]
}
