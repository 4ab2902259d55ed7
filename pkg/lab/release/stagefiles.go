package release

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stageFiles writes the two manifests and copies the other files that the
// extension manifest refers to. Out must not exist, so that nothing stale is
// packed.
func stageFiles(o Options, extension, task *object) error {
	if err := os.Mkdir(o.Out, 0o750); err != nil {
		return fmt.Errorf("creating the stage: %w", err)
	}
	for _, path := range stagedPaths(extension) {
		from := filepath.Join(o.Root, path)
		if path == pagePath {
			from = o.Page
		}
		if err := copyTree(from, filepath.Join(o.Out, path)); err != nil {
			return fmt.Errorf("staging %s: %w", path, err)
		}
	}
	if err := writeTree(filepath.Join(o.Out, "vss-extension.json"), extension); err != nil {
		return err
	}
	return writeTree(filepath.Join(o.Out, "task", "task.json"), task)
}

// pagePath is where the package has the set-up page, the only part of it that is built
// before it is staged.
const pagePath = "setup"

func stagedPaths(extension *object) []string {
	paths := []string{extension.text("content", "details", "path")}
	for _, f := range extension.objects("files") {
		paths = append(paths, f.text("path"))
	}
	return paths
}

func writeTree(file string, tree *object) error {
	doc, err := tree.render()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, doc, 0o600); err != nil {
		return fmt.Errorf("writing a manifest: %w", err)
	}
	return nil
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o750)
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
