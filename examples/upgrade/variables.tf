variable "kubernetes_version" {
  description = "Version of Kubernetes. Masters go one minor version up at a time, then workers follow."
  type        = string
  default     = "1.35.3"
}

variable "binaries" {
  description = "Directory of the image that has the programs of this version."
  type        = string
  default     = "/opt/kubernetes/bin"
}

variable "image_id" {
  description = "Image of the nodes."
  type        = string
}

variable "labels" {
  description = "Labels of the workers: the smallest thing that makes a new template."
  type        = map(string)
  default     = { "example.com/generation" = "1" }
}

variable "confirm" {
  description = "A person says at half of the workers that it goes on."
  type        = bool
  default     = false
}

variable "shutdown_delay" {
  description = "So long an API server is unready before it stops."
  type        = string
  default     = "60s"
}

variable "runtime" {
  description = "What runs pods, as in `kprov//aws/workers`."
  type        = string
  default     = "containerd"
}
