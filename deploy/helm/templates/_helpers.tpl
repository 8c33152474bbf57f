{{/* What selects the pods of a component; without a component, all of them. Takes root and component. */}}
{{- define "service.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "service.labels" -}}
{{ include "service.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* A setting as the text of a variable: Helm reads 1000000 as 1e+06. */}}
{{- define "service.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{/* The names of the secrets that every process gets. */}}
{{- define "service.secretKeys" -}}
{{- $celery := ternary (list "CELERY_BROKER_URL") list (eq .Values.events "celery") -}}
{{- concat (list "DATABASE_URL" "JWT_SECRET_KEY" "METRICS_TOKEN" "SMTP_URL") $celery .Values.secretKeys .Values.moduleSecretKeys | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* The variables that every process gets, by name. */}}
{{- define "service.variables" -}}
APP_ENV: production
DATA_DIR: /tmp
EVENTS: {{ .Values.events }}
{{- if eq .Values.events "celery" }}
EVENT_PROCESSES: "1"
{{- end }}
HOST: 0.0.0.0
METRICS_PORT: "9000"
PORT: "8000"
{{- range include "service.secretKeys" . | fromJsonArray }}
{{ . }}_FILE: /run/secrets/service/{{ . }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ include "service.text" $value | quote }}
{{- end }}
{{- range $name, $value := .Values.moduleSettings }}
{{ $name }}: {{ include "service.text" $value | quote }}
{{- end }}
{{- end }}

{{/* Refuses values that the schema cannot refuse. */}}
{{- define "service.checks" -}}
{{- $grace := int .Values.terminationGracePeriodSeconds -}}
{{- /* What the service does without these settings: dig, unlike default, takes a 0 as it is. */ -}}
{{- $drain := dig "DRAIN_SECONDS" 5 .Values.settings | float64 -}}
{{- $stop := dig "STOP_SECONDS" 30 .Values.settings | float64 -}}
{{- if gt (addf .Values.preStopSeconds $drain 25) (float64 $grace) -}}
{{- fail (printf "\n\nsettings.DRAIN_SECONDS is %v: with preStopSeconds and 25 seconds to finish it must fit into terminationGracePeriodSeconds, which is %d. Raise that, or drain for a shorter time." $drain $grace) -}}
{{- end -}}
{{- if gt (addf .Values.preStopSeconds $stop 5) (float64 $grace) -}}
{{- fail (printf "\n\nsettings.STOP_SECONDS is %v: with preStopSeconds and 5 seconds it must fit into terminationGracePeriodSeconds, which is %d. Raise that, or lower STOP_SECONDS." $stop $grace) -}}
{{- end -}}
{{- if gt (addf $drain 10) $stop -}}
{{- fail (printf "\n\nsettings.DRAIN_SECONDS is %v: it must leave 10 seconds of STOP_SECONDS, which is %v. The service would not start." $drain $stop) -}}
{{- end -}}
{{- $variables := include "service.variables" . | fromYaml -}}
{{- range .Values.extraEnv -}}
{{- if or (hasKey $variables .name) (hasKey $variables (printf "%s_FILE" .name)) (has .name (list "DRAIN_SECONDS" "STOP_SECONDS")) -}}
{{- fail (printf "\n\nextraEnv must not set %s: the chart or its settings, moduleSettings or secretKeys do." .name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "\n\nhttpRoute.parentRefs is empty: name the gateway, such as [{name: gateway, namespace: gateways}]." -}}
{{- end -}}
{{- if and .Values.worker.keda.enabled (not .Values.worker.keda.serverAddress) -}}
{{- fail "\n\nworker.keda.serverAddress is missing: the URL of Prometheus, such as http://prometheus-operated.monitoring.svc:9090." -}}
{{- end -}}
{{- end }}

{{- define "service.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* What all containers have. */}}
{{- define "service.container" -}}
image: {{ include "service.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  readOnlyRootFilesystem: true
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: secrets, mountPath: /run/secrets/service, readOnly: true}
  {{- with .root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The container that migrates. An older release may start beside a newer one, hence --or-newer. */}}
{{- define "service.migrate" -}}
name: migrate
args: [migrate, --or-newer]
{{ include "service.container" . }}
  {{- if .root.Values.migrations.existingSecret }}
  - {name: owner, mountPath: /run/secrets/owner, readOnly: true}
  {{- end }}
{{- end }}

{{/* More variables of what migrates: only it gets the role that owns the tables. */}}
{{- define "service.variablesOfMigrate" -}}
{{- $own := list -}}
{{- if .Values.migrations.existingSecret -}}
{{- $own = list (dict "name" "MIGRATION_DATABASE_URL_FILE" "value" "/run/secrets/owner/MIGRATION_DATABASE_URL") -}}
{{- end -}}
{{- concat $own .Values.extraEnv | default list | toYaml -}}
{{- end }}

{{/* What all pods have. Takes root, and migrates: whether a container of it does. */}}
{{- define "service.pod" -}}
{{- $migrates := .migrates -}}
{{- with .root -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: secrets
    secret:
      secretName: {{ .Values.existingSecret }}
      defaultMode: 288 # 0440: for the group of the service
      items:
        {{- range include "service.secretKeys" . | fromJsonArray }}
        - {key: {{ . }}, path: {{ . }}}
        {{- end }}
  {{- if and $migrates .Values.migrations.existingSecret }}
  - name: owner
    secret:
      secretName: {{ .Values.migrations.existingSecret }}
      defaultMode: 288
      items: [{key: MIGRATION_DATABASE_URL, path: MIGRATION_DATABASE_URL}]
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
