package release

import (
	"fmt"
	"io"
	"strings"
)

// WriteNotices writes the licences of everything that the binaries in binDir hold.
func WriteNotices(binDir, out string) error {
	modules, err := linkedModules(binDir)
	if err != nil {
		return err
	}
	return writeFile(out, func(w io.Writer) error {
		_, err := io.WriteString(w, noticesText(modules))
		return err
	})
}

func noticesText(modules []module) string {
	var b strings.Builder
	b.WriteString("The program assume-aws-role contains the following third-party software.\n")
	for _, m := range modules {
		fmt.Fprintf(&b, "\n%s\n%s %s\nLicence: %s\n%s\n\n", strings.Repeat("=", 80), displayName(m), m.version, m.license, strings.Repeat("=", 80))
		for _, text := range m.texts {
			b.WriteString(strings.TrimSpace(text) + "\n\n")
		}
	}
	return b.String()
}

func displayName(m module) string {
	if m.path == "std" {
		return "Go standard library and runtime"
	}
	return m.path
}
