package deploy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

const kubernetes = "v1.31.0"

// checkChart lints and renders the chart with its own values and with each file of its ci folder.
func checkChart(dir string) error {
	variants, err := filepath.Glob(filepath.Join(dir, "ci", "*.yaml"))
	if err != nil {
		return err
	}
	var faults []error
	for _, variant := range append([]string{""}, variants...) {
		if err := checkVariant(dir, variant); err != nil {
			faults = append(faults, fmt.Errorf("%s with %q: %w", dir, variant, err))
		}
	}
	return errors.Join(faults...)
}

func checkVariant(dir, variant string) error {
	version, err := chartutil.ParseKubeVersion(kubernetes)
	if err != nil {
		return err
	}
	values := map[string]any{}
	if variant != "" {
		text, err := os.ReadFile(variant)
		if err != nil {
			return err
		}
		if err := sigsyaml.UnmarshalStrict(text, &values); err != nil {
			return err
		}
	}
	var faults []error
	for _, message := range lint.AllWithKubeVersion(dir, values, "default", version).Messages {
		if message.Severity >= support.WarningSev {
			faults = append(faults, message)
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return checkObjects(dir, values, version)
}

// checkObjects renders the chart and decodes each object strictly: a field that its kind does not have is a fault.
func checkObjects(dir string, values map[string]any, version *chartutil.KubeVersion) error {
	chart, err := loader.Load(dir)
	if err != nil {
		return err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	merged, err := chartutil.ToRenderValues(chart, values, chartutil.ReleaseOptions{Name: "trial", Namespace: "default"}, capabilities)
	if err != nil {
		return err
	}
	rendered, err := engine.Render(chart, merged)
	if err != nil {
		return err
	}
	decoder, err := strictDecoder()
	if err != nil {
		return err
	}
	var faults []error
	for file, text := range rendered {
		if filepath.Ext(file) == ".yaml" {
			faults = append(faults, checkDocuments(decoder, file, text)...)
		}
	}
	return errors.Join(faults...)
}

// strictDecoder knows the kinds that the chart may use, and no others.
func strictDecoder() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	options := json.SerializerOptions{Yaml: true, Strict: true}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, options), nil
}

func checkDocuments(decoder runtime.Decoder, file, text string) []error {
	var faults []error
	reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return faults
		}
		if err != nil {
			return append(faults, fmt.Errorf("%s: %w", file, err))
		}
		if strings.TrimSpace(string(document)) == "" {
			continue
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
			continue
		}
		faults = append(faults, checkPods(file, object)...)
	}
}

// checkPods looks at what a decoder does not: that every mount has its volume, and every image its version.
func checkPods(file string, object runtime.Object) []error {
	var pod corev1.PodSpec
	volumes := map[string]bool{}
	switch workload := object.(type) {
	case *appsv1.StatefulSet:
		pod = workload.Spec.Template.Spec
		for _, claim := range workload.Spec.VolumeClaimTemplates {
			volumes[claim.Name] = true
		}
	case *appsv1.Deployment:
		pod = workload.Spec.Template.Spec
	}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
	}
	var faults []error
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				faults = append(faults, fmt.Errorf("%s: container %s mounts %s, which is no volume", file, container.Name, mount.Name))
			}
		}
		if !versioned(container.Image) {
			faults = append(faults, fmt.Errorf("%s: container %s: image %q has no version", file, container.Name, container.Image))
		}
	}
	return faults
}
