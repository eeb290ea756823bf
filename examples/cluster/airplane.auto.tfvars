environment   = "airplane"
account_id    = "123456789012"
cidr          = "10.10.0.0/16"
domain        = "airplane.example"
image_id      = "ami-0a1b2c3d4e5f60718"
masters       = { shutdown_delay = "5s" }
follow_every  = "4s"
workers       = { general = { min_size = 2, max_size = 4, desired_capacity = 2, runtime = "kwok" } }
force_destroy = true
