// Package aigclabel is the map of a library that labels AI-generated content
// and verifies such labels.
package aigclabel
