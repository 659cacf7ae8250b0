"""What an update of a bank is: optimizers, schedules, class weights."""
