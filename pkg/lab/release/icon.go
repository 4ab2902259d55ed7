package release

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// Icons lists the drawn files, relative to the checkout, with their size in
// pixels: the Marketplace wants 128, the list of tasks 32.
func Icons() map[string]int {
	return map[string]int{"docs/images/extension-icon.png": 128, "task/icon.png": 32}
}

// WriteIcons draws the icons below root.
func WriteIcons(root string) error {
	for name, size := range Icons() {
		err := writeFile(filepath.Join(root, filepath.FromSlash(name)), func(w io.Writer) error {
			return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, indexed(DrawIcon(size)))
		})
		if err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
		if err := os.Chmod(filepath.Join(root, filepath.FromSlash(name)), 0o644); err != nil {
			return fmt.Errorf("drawing %s: %w", name, err)
		}
	}
	return nil
}

// indexed is the same picture with a palette, which takes half the bytes. The mark
// has fewer than a hundred colours.
func indexed(picture image.Image) image.Image {
	bounds := picture.Bounds()
	var palette color.Palette
	out := image.NewPaletted(bounds, nil)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := picture.At(x, y)
			if !slices.Contains(palette, c) {
				palette = append(palette, c)
			}
			out.Pix[y*out.Stride+x] = uint8(slices.Index(palette, c))
		}
	}
	out.Palette = palette
	return out
}

var (
	night = color.NRGBA{18, 52, 77, 255}
	mint  = color.NRGBA{94, 234, 198, 255}
	paper = color.NRGBA{244, 250, 249, 255}
)

// samples is the number of samples a pixel has in each direction.
const samples = 6

// DrawIcon draws the mark of the extension: a token that turns into a key, as a
// ring that is open where an arrow leaves it, around a keyhole.
func DrawIcon(size int) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			picture.SetNRGBA(x, y, blend(size, x, y))
		}
	}
	return picture
}

func blend(size, x, y int) color.NRGBA {
	var r, g, b, a int
	for i := range samples * samples {
		c := sample((float64(x)+(float64(i%samples)+.5)/samples)/float64(size), (float64(y)+(float64(i/samples)+.5)/samples)/float64(size))
		r, g, b, a = r+int(c.R)*int(c.A), g+int(c.G)*int(c.A), b+int(c.B)*int(c.A), a+int(c.A)
	}
	if a == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a / (samples * samples))}
}

// sample is the colour at a point of the unit square.
func sample(x, y float64) color.NRGBA {
	switch dx, dy := x-.5, y-.5; {
	case outsideRounded(dx, dy):
		return color.NRGBA{}
	case inKeyhole(dx, dy):
		return paper
	case inRing(dx, dy), inArrow(dx, dy):
		return mint
	}
	return night
}

func outsideRounded(dx, dy float64) bool {
	const half, radius = .49, .2
	return math.Hypot(max(math.Abs(dx)-half+radius, 0), max(math.Abs(dy)-half+radius, 0)) > radius
}

func inKeyhole(dx, dy float64) bool {
	if math.Hypot(dx, dy+.045) < .085 {
		return true
	}
	return dy > -.02 && dy < .16 && math.Abs(dx) < .035+.17*dy
}

// inRing leaves a gap at the upper right, where the arrow's head sits.
func inRing(dx, dy float64) bool {
	angle := math.Atan2(-dy, dx)
	return math.Abs(math.Hypot(dx, dy)-.3) < .05 && (angle < .25 || angle > 1.15)
}

// inArrow is the head of the arrow, at the end of the ring, pointing clockwise.
func inArrow(dx, dy float64) bool {
	const at = 1.15
	tx, ty := dx-.3*math.Cos(at), dy+.3*math.Sin(at)
	along, across := tx*math.Sin(at)+ty*math.Cos(at), tx*math.Cos(at)-ty*math.Sin(at)
	return along >= -.005 && along < .2 && math.Abs(across) < .125*(1-along/.2)
}
