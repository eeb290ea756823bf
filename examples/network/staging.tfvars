environment   = "staging"
account_id    = "111111111111"
cidr          = "10.20.0.0/16"
domain        = "staging.example"
image_id      = "ami-0a1b2c3d4e5f60718"
workers       = { min = 2, max = 6 }
force_destroy = true
nodes_report  = true
