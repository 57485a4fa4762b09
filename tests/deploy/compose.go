// Package deploy checks the files under deploy/ that the tests cannot run, with the parsers that will read them.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// checkCompose loads FILE.yaml with FILE.env and all profiles, as `docker compose config` does. Every image must carry
// a version.
func checkCompose(ctx context.Context, file string) error {
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithEnvFiles(strings.TrimSuffix(file, ".yaml")+".env"), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return err
	}
	if len(project.Services) == 0 {
		return fmt.Errorf("%s has no services", file)
	}
	var faults []error
	for name, service := range project.Services {
		if !versioned(service.Image) {
			faults = append(faults, fmt.Errorf("%s: service %s: image %q has no version", file, name, service.Image))
		}
		faults = append(faults, checkMounts(file, service)...)
	}
	return errors.Join(faults...)
}

// versioned tells whether an image is named with a version that does not move.
func versioned(image string) bool {
	name := image[strings.LastIndex(image, "/")+1:]
	_, version, found := strings.Cut(name, ":")
	return found && version != "" && version != "latest"
}

// checkMounts looks that what is mounted from the repository is there.
func checkMounts(file string, service types.ServiceConfig) []error {
	var faults []error
	for _, volume := range service.Volumes {
		if volume.Type != types.VolumeTypeBind || !strings.Contains(volume.Source, "/deploy/") {
			continue
		}
		if _, err := os.Stat(volume.Source); err != nil {
			faults = append(faults, fmt.Errorf("%s: service %s: %w", file, service.Name, err))
		}
	}
	return faults
}
